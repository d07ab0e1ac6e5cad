import { describe, expect, it } from 'vitest';
import { twoSites } from '../model/testing.ts';
import type { HostPlan, TunnelPlan } from '../plan/host-plan.ts';
import { planWorld } from '../plan/testing/plan-world.ts';
import { certificateProof, tunnelsUp } from './certificate-proof.ts';
import type { HostReport, TunnelReport } from './host-report.ts';
import { certificates, report, up } from './testing/reports.ts';

const [tunnelPlan] = planWorld({ text: twoSites }).plan.tunnels;
const { local } = certificates;
const older = { ...certificates, local: { ...local, fingerprint: 'old' } };

const use = { namespace: 'default', name: 'own', fingerprint: 's' };
const auth = {
  ...({ method: 'certificate', revocation: 'relaxed' } as const),
  ...{ secret: use, leaf: local, peerAuthority: use },
};

const secret = { namespace: 'default', name: 'own', fingerprint: 'f00d', wereUp: ['a', 'b'] };

function planOf(tunnels: Readonly<Record<string, Partial<TunnelPlan>>>): HostPlan {
  const { plan } = planWorld({ text: twoSites });
  if (tunnelPlan === undefined) throw new Error('the world has a tunnel');
  const named = Object.entries(tunnels).map(([name, change]) => ({
    ...{ ...tunnelPlan, name, connection: name, auth },
    ...change,
  }));
  return { ...plan, revision: 'r', tunnels: named };
}

function reportOf(tunnels: Readonly<Record<string, Partial<TunnelReport>>>): HostReport {
  const named = Object.entries(tunnels).map(([name, change]) => ({
    ...{ ...up, name, certificates },
    ...change,
  }));
  return { ...report, tunnels: named, wantedRevision: 'r' };
}

const both = planOf({ a: {}, b: {} });

describe('a new certificate', () => {
  it('is proven when every tunnel that was up is up with it', () => {
    expect(certificateProof(secret, both, reportOf({ a: {}, b: {} }))).toEqual({
      ...{ isProven: true, missing: [] },
    });
  });

  it('is not while one is up with the old one, or down, and tells why', () => {
    const cause = { code: 'x', message: 'they do not trust us', hint: '', at: '' };
    const found = reportOf({ a: { certificates: older, cause }, b: { state: 'down' } });
    expect(certificateProof(secret, both, found)).toEqual({
      isProven: false,
      missing: [
        { tunnel: 'default/a main', cause: 'they do not trust us' },
        { tunnel: 'default/b main' },
      ],
    });
  });

  it('does not wait for tunnels that were down before, or use something else, or are disabled', () => {
    const plan = planOf({
      ...{ a: {}, b: {}, c: {}, d: { enabled: false } },
      e: { auth: { method: 'psk', secret: { ...use, name: 'key' } } },
    });
    const down = { state: 'down' } as const;
    expect(
      certificateProof(secret, plan, reportOf({ a: {}, b: {}, c: down, d: down, e: down })),
    ).toMatchObject({ isProven: true });
  });

  it('where none was up, is proven by the first that comes up', () => {
    const alone = { ...secret, wereUp: [] };
    const down = { state: 'down' } as const;
    expect(certificateProof(alone, both, reportOf({ a: down, b: down }))).toMatchObject({
      ...{ isProven: false, missing: [{}, {}] },
    });
    expect(certificateProof(alone, both, reportOf({ a: {}, b: down }))?.isProven).toBe(true);
    // Nobody has called yet: nothing is known, and nobody refuses.
    const waiting = { state: 'waiting' } as const;
    expect(certificateProof(alone, both, reportOf({ a: waiting, b: waiting }))).toEqual({
      ...{ isProven: false, missing: [] },
    });
  });

  it('is left open by tunnels that have gone to another host', () => {
    const standby = { state: 'standby', certificates: older } as const;
    expect(certificateProof(secret, both, reportOf({ a: standby, b: standby }))).toEqual({
      ...{ isProven: false, missing: [] },
    });
    expect(certificateProof(secret, both, reportOf({ a: {}, b: standby }))?.isProven).toBe(true);
  });

  it('is proven where nothing uses it', () => {
    expect(certificateProof(secret, planOf({}), reportOf({}))?.isProven).toBe(true);
  });

  it('is an open question while plan or report speak of something else', () => {
    const other = { ...reportOf({ a: {}, b: {} }), wantedRevision: 'before' };
    expect(certificateProof(secret, both, other)).toBeUndefined();
    const plan = planOf({ a: { auth: { ...auth, leaf: { ...local, fingerprint: 'old' } } } });
    expect(certificateProof(secret, plan, reportOf({ a: {} }))).toBeUndefined();
  });
});

it('names the tunnels that are up', () => {
  expect(tunnelsUp(reportOf({ a: {}, b: { state: 'down' } }))).toEqual(['a']);
  expect(tunnelsUp(undefined)).toEqual([]);
});
