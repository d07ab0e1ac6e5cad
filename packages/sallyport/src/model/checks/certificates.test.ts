import { describe, expect, it } from 'vitest';
import type { Facts } from '../facts.ts';
import {
  authority,
  type Case,
  certificateFacts,
  certificatePartner,
  judge,
  leaf,
  outcome,
  twoSites,
  vary,
  wanted,
} from '../testing.ts';

const both = twoSites + certificatePartner;

/** Of the other side's authority. */
function withList(nextUpdate: string): Facts {
  const facts = certificateFacts();
  const list = {
    issuer: 'CN=site',
    issuerKey: 'a',
    fingerprint: 'f',
    thisUpdate: '2026-05-01T00:00:00.000Z',
    nextUpdate,
  };
  return {
    ...facts,
    secrets: facts.secrets.map((secret) =>
      secret.form === 'authority' ? { ...secret, revocationLists: [list] } : secret,
    ),
  };
}

const CASES: readonly Case[] = [
  {
    name: 'an expired certificate of ours',
    text: both,
    facts: certificateFacts({
      now: '2027-01-01T00:00:01Z',
      ca: [{ ...authority, notAfter: '2030-01-01T00:00:00Z' }],
    }),
    expected: {
      code: 'certificate/expired',
      object: { kind: 'Secret', namespace: 'default', name: 'own' },
      path: 'spec',
      message: 'the certificate expired at 2027-01-01T00:00:00.000Z',
      hint: 'renew it and replace the file',
    },
  },
  {
    name: 'a revocation list that is over',
    text: both,
    facts: withList('2026-05-31T00:00:00.000Z'),
    expected: {
      code: 'certificate/list-over',
      severity: 'warning',
      object: { kind: 'Secret', namespace: 'default', name: 'peer-ca' },
      path: 'spec.authority.revocationLists',
      value: 'CN=site',
      message: 'the revocation list was valid until 2026-05-31T00:00:00.000Z',
      hint: 'get the present list of this authority and replace the file',
    },
  },
  {
    name: 'an expired CA of the other side',
    text: both,
    facts: certificateFacts({ ca: [{ ...authority, notAfter: '2026-05-31T00:00:00Z' }] }),
    expected: {
      code: 'certificate/expired',
      object: { kind: 'Secret', namespace: 'default', name: 'peer-ca' },
      hint: 'ask the other side for its present CA',
    },
  },
  {
    name: 'a certificate that is not yet valid',
    text: both,
    facts: certificateFacts({
      now: '2025-12-30T23:59:59Z',
      ca: [{ ...authority, notBefore: '2020-01-01T00:00:00Z' }],
    }),
    expected: {
      code: 'certificate/not-yet-valid',
      severity: 'waiting',
      path: 'spec',
      value: 'C=CH, O=Example, CN=gw',
      hint: 'wait, or set the clock of this host right',
    },
  },
  {
    name: 'a certificate that is valid within minutes',
    text: both,
    facts: certificateFacts({
      now: '2025-12-31T23:50:00Z',
      ca: [{ ...authority, notBefore: '2020-01-01T00:00:00Z' }],
    }),
    expected: {
      code: 'certificate/not-yet-valid',
      message:
        'the certificate is valid from 2026-01-01T00:00:00.000Z only, in 10m: the clock of this host shows 2025-12-31T23:50:00Z and may be slow',
      hint: 'compare the clocks of this host and of the authority, and set up NTP on both; or wait',
    },
  },
  {
    name: 'an identity that the certificate does not have',
    text: vary(both, ['id: gw.example', 'id: gw1.example']),
    facts: certificateFacts(),
    expected: {
      code: 'certificate/identity-missing',
      path: 'spec.tunnels[0].local.id',
      value: 'gw1.example',
      hint: 'use one of: "C=CH, O=Example, CN=gw", gw.example, 192.0.2.10, ops@example (a common name alone does not count)',
    },
  },
  {
    name: 'a subject that the certificate does not have',
    text: vary(both, ['id: gw.example', "id: 'C=CH, CN=gw'"]),
    facts: certificateFacts(),
    expected: {
      code: 'certificate/identity-missing',
      hint: 'use one of: "C=CH, O=Example, CN=gw", gw.example, 192.0.2.10, ops@example',
    },
  },
  {
    name: 'no identity and a subject that the daemon cannot be told',
    text: vary(both, ['local: {id: gw.example}', 'local: {}']),
    facts: certificateFacts({ own: [{ ...leaf, subject: 'SN=Muster, CN=gw' }] }),
    expected: {
      code: 'certificate/identity-missing',
      message:
        'is required, because our certificate has the subject SN=Muster, CN=gw: the IKE daemon knows no SN in names',
    },
  },
  {
    name: 'no identity and a certificate without subject',
    text: vary(both, ['local: {id: gw.example}', 'local: {}']),
    facts: certificateFacts({ own: [{ ...leaf, subject: '' }] }),
    expected: {
      code: 'certificate/identity-missing',
      path: 'spec.tunnels[0].local.id',
      hint: 'use one of: gw.example, 192.0.2.10, ops@example',
    },
  },
  {
    name: 'a peer authority that is no CA',
    text: both,
    facts: certificateFacts({ ca: [leaf] }),
    expected: {
      code: 'certificate/not-an-authority',
      path: 'spec.auth.certificate.peerAuthority',
      message: "Secret default/peer-ca holds a certificate that is not a CA's",
    },
  },
  {
    name: 'no peer authority and none in our own secret',
    text: vary(both, [', peerAuthority: peer-ca', '']),
    facts: certificateFacts(),
    expected: {
      code: 'certificate/no-authority',
      path: 'spec.auth.certificate.peerAuthority',
      hint: 'name a Secret with authority: the CA of the other side',
    },
  },
  {
    name: 'an authority of the other side without its root',
    text: both,
    facts: certificateFacts({ ca: [{ ...authority, subject: 'CN=Site', issuer: 'CN=Root' }] }),
    expected: {
      code: 'certificate/no-root',
      object: { kind: 'Connection', namespace: 'default', name: 'partner-b' },
      path: 'spec.auth.certificate.peerAuthority',
      value: 'peer-ca',
      message:
        'no Secret has the root above CN=Site: strongSwan trusts no chain that does not end in one',
      hint: 'add the certificate of CN=Root to Secret default/peer-ca',
    },
  },
  {
    name: 'an authority beside our own certificate, with one above it and no root',
    text: vary(both, [', peerAuthority: peer-ca', '']),
    facts: certificateFacts({
      own: [
        leaf,
        { ...authority, subject: 'CN=Site', issuer: 'CN=Region' },
        { ...authority, subject: 'CN=Region', issuer: 'CN=Root' },
      ],
      ca: [],
    }),
    expected: {
      code: 'certificate/no-root',
      path: 'spec.auth.certificate.secret',
      message:
        'no Secret has the root above CN=Region: strongSwan trusts no chain that does not end in one',
      hint: 'add the certificate of CN=Root to Secret default/own',
    },
  },
  {
    name: 'a certificate whose key may not sign',
    text: both,
    facts: certificateFacts({ own: [{ ...leaf, keyUsages: ['keyEncipherment', 'cRLSign'] }] }),
    expected: {
      code: 'certificate/key-usage',
      object: { kind: 'Secret', namespace: 'default', name: 'own' },
      path: 'spec',
      value: 'C=CH, O=Example, CN=gw',
      message:
        'our certificate permits keyEncipherment, cRLSign, and not digitalSignature: strongSwan and Libreswan refuse it',
    },
  },
  {
    name: 'a certificate for code',
    text: both,
    facts: certificateFacts({ own: [{ ...leaf, extendedKeyUsages: ['1.3.6.1.5.5.7.3.3'] }] }),
    expected: {
      code: 'certificate/extended-key-usage',
      object: { kind: 'Secret', namespace: 'default', name: 'own' },
      message:
        'our certificate is only for 1.3.6.1.5.5.7.3.3: Libreswan and Windows refuse it, strongSwan does not look',
    },
  },
  {
    name: "a name of OVN's",
    text: both,
    facts: certificateFacts({ own: [{ ...leaf, subject: 'O=Example, CN=ovs_gw' }] }),
    expected: {
      code: 'certificate/reserved-name',
      value: 'O=Example, CN=ovs_gw',
      message:
        'the common name begins with ovs_: on a node of OpenShift, OVN takes certificates of such names for its own',
    },
  },
  {
    name: 'a key that the policy does not allow',
    text: vary(both, [
      'routing: {static: {networks: [10.30.0.0/16]}}',
      'crypto: cnsa\n  routing: {static: {networks: [10.30.0.0/16]}}',
    ]),
    facts: certificateFacts({ own: [{ ...leaf, key: { type: 'ec', curve: 'prime256v1' } }] }),
    expected: {
      code: 'certificate/policy',
      object: { kind: 'Connection', namespace: 'default', name: 'partner-b' },
      path: 'spec.auth.certificate.secret',
      value: 'own',
      message:
        'the certificate C=CH, O=Example, CN=gw of Secret own has an EC key on prime256v1, which policy "cnsa" does not allow',
      hint: 'have it issued again: ECDSA P-384, or RSA of 3072 bits or more, signed with SHA-384; or choose another crypto policy',
    },
  },
  {
    name: 'an authority of the other side that the policy does not allow',
    text: vary(both, [
      'routing: {static: {networks: [10.30.0.0/16]}}',
      'crypto: fips\n  routing: {static: {networks: [10.30.0.0/16]}}',
    ]),
    facts: certificateFacts({ ca: [{ ...authority, key: { type: 'ed25519' } }] }),
    expected: {
      code: 'certificate/policy',
      path: 'spec.auth.certificate.peerAuthority',
      value: 'peer-ca',
      message:
        'the certificate CN=CA of Secret peer-ca has a key of type ed25519, which policy "fips" does not allow',
    },
  },
];

describe('checkCertificates', () => {
  it('takes a root from any Secret, and of several authorities one that has it', () => {
    const site = { ...authority, subject: 'CN=Site', issuer: 'CN=Root' };
    const root = { ...site, subject: 'CN=Root' };
    for (const facts of [
      certificateFacts({ own: [leaf, root], ca: [site] }),
      certificateFacts({ ca: [site, authority] }),
      certificateFacts({ ca: [site, { ...root, issuer: 'CN=New root' }, root] }),
    ])
      expect(judge(both, facts).problems).toEqual([]);
  });

  it.each(CASES)('reports $expected.code for $name', (one) => {
    expect(outcome(one)).toEqual(wanted(one));
  });
});
