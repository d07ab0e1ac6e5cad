import { describe, expect, it } from 'vitest';
import { type Case, certificatePartner, outcome, twoSites, vary, wanted } from '../testing.ts';

const both = twoSites + certificatePartner;

const CASES: readonly Case[] = [
  {
    name: 'a gateway on an undeclared host',
    text: vary(twoSites, ['hosts: [gw1]', 'hosts: [gw11]']),
    expected: {
      code: 'gateway/unknown-host',
      severity: 'error',
      path: 'spec.placement.hosts[0]',
      value: 'gw11',
      hint: 'did you mean "gw1"?',
    },
  },
  {
    name: 'a gateway that names a host twice',
    text: vary(twoSites, ['hosts: [gw1]', 'hosts: [gw1, gw1]']),
    expected: {
      code: 'gateway/duplicate-host',
      path: 'spec.placement.hosts[1]',
      value: 'gw1',
      hint: 'keep one of them',
    },
  },
  {
    name: 'an undeclared gateway',
    text: vary(twoSites, ['gateway: edge', 'gateway: egde']),
    expected: {
      code: 'connection/unknown-gateway',
      path: 'spec.gateway',
      value: 'egde',
      hint: 'did you mean "edge"?',
    },
  },
  {
    name: 'an undeclared secret for a pre-shared key',
    text: vary(twoSites, ['{secret: a-psk}', '{secret: b-psk}']),
    expected: {
      code: 'connection/unknown-secret',
      path: 'spec.auth.psk.secret',
      value: 'b-psk',
      hint: 'did you mean "a-psk"?',
    },
  },
  {
    name: 'an undeclared secret for a certificate',
    text: vary(both, ['secret: own', 'secret: none']),
    expected: {
      code: 'connection/unknown-secret',
      path: 'spec.auth.certificate.secret',
      hint: 'use one of: a-psk, own, peer-ca',
    },
  },
  {
    name: 'an undeclared peer authority',
    text: vary(both, ['peerAuthority: peer-ca', 'peerAuthority: per-ca']),
    expected: {
      code: 'connection/unknown-secret',
      path: 'spec.auth.certificate.peerAuthority',
      hint: 'did you mean "peer-ca"?',
    },
  },
  {
    name: 'an unknown crypto policy',
    text: vary(twoSites, ['crypto: default', 'crypto: defualt']),
    expected: {
      code: 'connection/unknown-crypto-policy',
      path: 'spec.crypto',
      value: 'defualt',
      hint: 'did you mean "default"?',
    },
  },
];

describe('checkReferences', () => {
  it.each(CASES)('reports $expected.code for $name', (one) => {
    expect(outcome(one)).toEqual(wanted(one));
  });
});
