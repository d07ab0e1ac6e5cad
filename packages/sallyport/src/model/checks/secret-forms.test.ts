import { describe, expect, it } from 'vitest';
import { type Case, certificatePartner, outcome, twoSites, vary, wanted } from '../testing.ts';

const both = twoSites + certificatePartner;

const CASES: readonly Case[] = [
  {
    name: 'no way of authentication',
    text: vary(twoSites, ['auth: {psk: {secret: a-psk}}', 'auth: {}']),
    expected: {
      code: 'connection/auth-choice',
      path: 'spec.auth',
      message: 'says no method',
      hint: 'give exactly one of psk, certificate',
    },
  },
  {
    name: 'two ways of authentication',
    text: vary(both, ['auth: {certificate: {', 'auth: {psk: {secret: a-psk}, certificate: {']),
    expected: {
      code: 'connection/auth-choice',
      path: 'spec.auth',
      message: 'has psk and certificate at once',
    },
  },
  {
    name: 'a secret without material',
    text: vary(twoSites, ['spec: {psk: {file: a.psk}}', 'spec: {}']),
    expected: {
      code: 'secret/form-choice',
      path: 'spec',
      message: 'has no key material',
      hint: 'give exactly one of psk, pem, pkcs12, authority, issued',
    },
  },
  {
    name: 'a secret of two forms',
    text: vary(twoSites, [
      '{psk: {file: a.psk}}',
      '{psk: {file: a.psk}, authority: {files: [ca.pem]}}',
    ]),
    expected: {
      code: 'secret/form-choice',
      path: 'spec',
      message: 'has psk and authority at once',
    },
  },
  {
    name: 'a pre-shared key from a secret with a certificate',
    text: vary(both, ['psk: {secret: a-psk}', 'psk: {secret: own}']),
    expected: {
      code: 'connection/secret-form',
      path: 'spec.auth.psk.secret',
      message: 'Secret default/own holds pem',
      hint: 'name a Secret with psk',
    },
  },
  {
    name: 'a certificate from a secret with a pre-shared key',
    text: vary(both, ['secret: own', 'secret: a-psk']),
    expected: {
      code: 'connection/secret-form',
      path: 'spec.auth.certificate.secret',
      hint: 'name a Secret with pem or pkcs12 or issued',
    },
  },
  {
    name: 'a peer authority from a secret with our certificate',
    text: vary(both, ['peerAuthority: peer-ca', 'peerAuthority: own']),
    expected: {
      code: 'connection/secret-form',
      path: 'spec.auth.certificate.peerAuthority',
      hint: 'name a Secret with authority',
    },
  },
];

describe('checkSecretForms', () => {
  it.each(CASES)('reports $expected.code for $name', (one) => {
    expect(outcome(one)).toEqual(wanted(one));
  });
});
