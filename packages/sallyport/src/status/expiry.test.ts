import { describe, expect, it } from 'vitest';
import { twoSites } from '../model/testing.ts';
import type { HostPlan, TunnelPlan } from '../plan/host-plan.ts';
import { planWorld } from '../plan/testing/plan-world.ts';
import { expiryProblems, peerExpiryProblems } from './expiry.ts';
import { certificates, up } from './testing/reports.ts';

const NOT_AFTER = '2026-12-31T12:00:00.000Z';

const [tunnelPlan] = planWorld({ text: twoSites }).plan.tunnels;

function planOf(...tunnels: readonly Partial<TunnelPlan>[]): Pick<HostPlan, 'tunnels'> {
  if (tunnelPlan === undefined) throw new Error('the world has a tunnel');
  return { tunnels: tunnels.map((tunnel) => ({ ...tunnelPlan, ...tunnel })) };
}

const own = {
  namespace: 'default',
  name: 'own',
  fingerprint: 'f',
  expires: { subject: 'CN=gw', notAfter: NOT_AFTER },
};
const theirs = { namespace: 'default', name: 'ca', fingerprint: 'g' };
const auth = {
  method: 'certificate',
  secret: own,
  peerAuthority: theirs,
  revocation: 'relaxed',
} as const;

it.each([
  ['2026-12-01T11:59:59.000Z', []],
  ['2026-12-01T12:00:00.000Z', ['agent/certificate-expires-in-30-days']],
  ['2026-12-17T12:00:00.000Z', ['agent/certificate-expires-in-14-days']],
  ['2026-12-24T12:00:00.000Z', ['agent/certificate-expires-in-7-days']],
  ['2026-12-30T12:00:00.000Z', ['agent/certificate-expires-in-1-day']],
  ['2026-12-31T12:00:00.000Z', ['agent/certificate-expired']],
])('at %s says %j', (now, codes) => {
  expect(expiryProblems(planOf({ auth }), now).map(({ code }) => code)).toEqual(codes);
});

it('names the Secret and its certificate, once for all tunnels', () => {
  const other = { ...auth, peerAuthority: own };
  expect(expiryProblems(planOf({ auth }, { auth: other }), '2026-12-30T12:00:00.000Z')).toEqual([
    {
      code: 'agent/certificate-expires-in-1-day',
      severity: 'warning',
      object: { kind: 'Secret', namespace: 'default', name: 'own' },
      message: `the certificate CN=gw expires within a day: valid until ${NOT_AFTER}`,
      hint: 'renew it, put the new files in place of the old ones, and apply',
    },
  ]);
});

it('says nothing of keys, and of tunnels that shall be down', () => {
  const { namespace, name, fingerprint } = own;
  const psk = { method: 'psk', secret: { namespace, name, fingerprint } } as const;
  const late = '2027-01-01T00:00:00.000Z';
  expect(expiryProblems(planOf({ auth: psk }, { auth, enabled: false }), late)).toEqual([]);
});

const shown = { ...certificates, remote: { ...certificates.remote, notAfter: NOT_AFTER } };

it.each([
  ['2026-12-01T11:59:59.000Z', []],
  ['2026-12-01T12:00:00.000Z', ['agent/peer-certificate-expires-in-30-days']],
  ['2026-12-17T12:00:00.000Z', ['agent/peer-certificate-expires-in-14-days']],
  ['2026-12-24T12:00:00.000Z', ['agent/peer-certificate-expires-in-7-days']],
  ['2026-12-30T12:00:00.000Z', ['agent/peer-certificate-expires-in-1-day']],
  ['2026-12-31T12:00:00.000Z', ['agent/peer-certificate-expired']],
])('at %s says of the other side %j', (now, codes) => {
  const tunnels = [{ ...up, certificates: shown }];
  expect(peerExpiryProblems(tunnels, now).map(({ code }) => code)).toEqual(codes);
});

it('names the certificate of the other side, once for all tunnels of a Connection', () => {
  const tunnel = { ...up, certificates: shown };
  const other = { ...tunnel, name: 'sp.default.partner-a.second' };
  expect(peerExpiryProblems([tunnel, other], '2026-12-30T12:00:00.000Z')).toEqual([
    {
      code: 'agent/peer-certificate-expires-in-1-day',
      severity: 'warning',
      object: { kind: 'Connection', namespace: 'default', name: 'partner-a' },
      message: `the certificate of the other side, CN=peer with serial 0b, expires within a day: valid until ${NOT_AFTER}`,
      hint: 'ask the other side to renew it',
    },
  ]);
});

it('says nothing of other sides that have shown none, or shall be down', () => {
  const late = '2027-01-01T00:00:00.000Z';
  const { local: _, remote: __, ...none } = certificates;
  expect(peerExpiryProblems([up, { ...up, certificates: none }], late)).toEqual([]);
  expect(peerExpiryProblems([{ ...up, state: 'disabled', certificates: shown }], late)).toEqual([]);
});

describe('a revocation list', () => {
  const problemsAt = (now: string, hours: number, nextUpdate?: string): unknown[] => {
    const thisUpdate = new Date(Date.parse(NOT_AFTER) - hours * 3_600_000).toISOString();
    const list = { issuer: 'CN=site', issuerKey: 'a', fingerprint: 'f', thisUpdate };
    const revocationLists = [nextUpdate === undefined ? list : { ...list, nextUpdate }];
    const peerAuthority = { ...theirs, revocationLists };
    return expiryProblems(planOf({ auth: { ...auth, secret: theirs, peerAuthority } }), now);
  };

  it.each([
    ['a day before a long one is over', 720, '2026-12-30T12:00:00.000Z'],
    ['in the last quarter of a short one', 4, '2026-12-31T11:00:00.000Z'],
  ])('is told of %s, not sooner', (_when, hours, now) => {
    const sooner = new Date(Date.parse(now) - 1_000).toISOString();
    expect(problemsAt(sooner, hours, NOT_AFTER)).toEqual([]);
    expect(problemsAt(now, hours, NOT_AFTER)).toEqual([
      {
        code: 'agent/revocation-list-ends',
        severity: 'warning',
        object: { kind: 'Secret', namespace: 'default', name: 'ca' },
        message: `the revocation list of CN=site is over soon: it is valid until ${NOT_AFTER}`,
        hint: 'get the present list of this authority, put it in place of the old one, and apply',
      },
    ]);
  });

  it('is told of when it is over, unless it never is', () => {
    const message = `the revocation list of CN=site is over: it was valid until ${NOT_AFTER}`;
    expect(problemsAt(NOT_AFTER, 720, NOT_AFTER)).toMatchObject([
      { code: 'agent/revocation-list-over', message },
    ]);
    expect(problemsAt(NOT_AFTER, 720)).toEqual([]);
  });
});
