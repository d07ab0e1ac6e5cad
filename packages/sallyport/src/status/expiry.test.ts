import { expect, it } from 'vitest';
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
const auth = { method: 'certificate', secret: own, peerAuthority: theirs } as const;

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
  const psk = { method: 'psk', secret: own } as const;
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
