import { expect, it } from 'vitest';
import { revokedPeer } from './revoked.ts';
import { LIST_FINGERPRINT } from './testing/secrets.ts';
import { listedTunnel } from './testing/tunnels.ts';

const remote = {
  ...{ subject: 'CN=peer', issuer: 'CN=site', serial: '0a4b' },
  ...{ notAfter: '2027-01-01T00:00:00.000Z', fingerprint: 'f' },
};
const revoked = new Map([['a4b', '2026-06-01T00:00:00.000Z']]);

function found(change: Partial<typeof remote>, fingerprint = LIST_FINGERPRINT): unknown {
  if (listedTunnel.auth.method === 'psk') throw new Error('it has a certificate');
  const held = { revocationLists: new Map([[fingerprint, revoked]]) };
  return revokedPeer(listedTunnel.auth, { ...remote, ...change }, held);
}

it('knows the certificate of the other side by issuer and serial number', () => {
  expect(found({})).toEqual({
    code: 'ike/certificate-revoked',
    named: ['CN=peer', '2026-06-01T00:00:00.000Z', 'serial number 0a4b', 'CN=site'],
    isSpecific: true,
  });
  expect(found({ serial: '0a4c' })).toBeUndefined();
  expect(found({ issuer: 'CN=other' })).toBeUndefined();
});

it('goes only by lists that are planned, and that the daemon holds', () => {
  expect(found({}, 'another list')).toBeUndefined();
});
