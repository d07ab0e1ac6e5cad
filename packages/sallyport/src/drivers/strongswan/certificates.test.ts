import { describe, expect, it } from 'vitest';
import { type CertificateFacts, summaryOf } from '../../model/facts.ts';
import { authority, leaf } from '../../model/testing.ts';
import { certificatesInUse } from './certificates.ts';
import type { HeldCertificate } from './state.ts';
import { heldLeaf } from './testing/obedient-daemon.ts';
import { certificateTunnel } from './testing/tunnels.ts';

const theirs: CertificateFacts = {
  ...leaf,
  ...{ subject: 'CN=peer', altNames: ['DNS:peer.example'], serial: '01', fingerprint: 'a1' },
};
const younger: CertificateFacts = {
  ...theirs,
  ...{ notBefore: '2026-05-01T00:00:00.000Z', serial: '02', fingerprint: 'a2' },
};

function held(...certificates: readonly (CertificateFacts | HeldCertificate)[]) {
  const all = certificates.map(
    (one): HeldCertificate =>
      'hasPrivateKey' in one
        ? one
        : { fingerprint: one.fingerprint, hasPrivateKey: false, facts: one },
  );
  return { certificates: new Map(all.map((one) => [one.fingerprint, one])) };
}

const { auth } = certificateTunnel;
if (auth.method !== 'certificate') throw new Error('the tunnel has certificates');
const provenId = 'peer.example';

describe('the certificates that a tunnel is up with', () => {
  it('are ours as it is loaded, and the youngest that holds what the other side has proven', () => {
    const all = held(theirs, heldLeaf, younger, { fingerprint: 'b0', hasPrivateKey: false });
    expect(certificatesInUse(auth, { held: all, isOutdated: false, provenId })).toEqual({
      secret: 'own',
      local: summaryOf(leaf),
      remote: summaryOf(younger),
    });
  });

  it('are not told where nothing was read back', () => {
    const nothing = { secret: 'own' };
    const look = { held: held(heldLeaf), isOutdated: true };
    expect(certificatesInUse(auth, look)).toEqual(nothing);
    const empty = { held: held(), isOutdated: false, provenId };
    expect(certificatesInUse(auth, empty)).toEqual(nothing);
  });

  it.each([
    ['nobody has proven anything', theirs, undefined],
    ['the identity is another one', theirs, 'other.example'],
    ['the identity names nothing in a certificate', theirs, 'keyid:#0011'],
    ['it is one of an authority', { ...authority, altNames: ['DNS:peer.example'] }, provenId],
    ['it is one of ours', { ...heldLeaf, fingerprint: 'c0', facts: theirs }, provenId],
  ])('are not theirs where %s', (_where, certificate, id) => {
    const look = { held: held(certificate), isOutdated: true, provenId: id };
    expect(certificatesInUse(auth, look)).toEqual({ secret: 'own' });
  });
});
