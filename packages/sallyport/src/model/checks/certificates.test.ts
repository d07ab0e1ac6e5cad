import { describe, expect, it } from 'vitest';
import {
  authority,
  type Case,
  certificateFacts,
  certificatePartner,
  leaf,
  outcome,
  twoSites,
  vary,
  wanted,
} from '../testing.ts';

const both = twoSites + certificatePartner;

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
      now: '2025-12-31T23:59:59Z',
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
];

describe('checkCertificates', () => {
  it.each(CASES)('reports $expected.code for $name', (one) => {
    expect(outcome(one)).toEqual(wanted(one));
  });
});
