import { describe, expect, it } from 'vitest';
import { type Case, daemonWith, housePolicy, outcome, twoSites, vary, wanted } from '../testing.ts';

const CASES: readonly Case[] = [
  {
    name: 'an unknown keyword in a declared policy',
    text: twoSites + vary(housePolicy, ['ecp384]', 'epc384]']),
    expected: {
      code: 'proposal/unknown-keyword',
      path: 'spec.ike.proposals[0]',
      object: { kind: 'CryptoPolicy', namespace: 'default', name: 'house' },
      value: 'aes256gcm16-prfsha384-epc384',
      hint: 'did you mean "ecp384"?',
    },
  },
  {
    name: 'a weak algorithm in an inline policy',
    text: vary(twoSites, [
      'crypto: default',
      'crypto: {ike: {proposals: [aes256-sha1-modp2048]}, esp: {proposals: [aes256-sha256]}}',
    ]),
    expected: {
      code: 'proposal/weak',
      severity: 'warning',
      path: 'spec.crypto.ike.proposals[0]',
      message: 'sha1 is weak: MD5 and SHA-1 are broken as hashes',
    },
  },
  {
    name: 'the legacy policy',
    text: vary(twoSites, ['crypto: default', 'crypto: legacy']),
    expected: { code: 'proposal/weak', severity: 'warning', path: 'spec.crypto', value: 'legacy' },
  },
  {
    name: 'a built-in policy that the daemon cannot do',
    text: vary(twoSites, ['crypto: default', 'crypto: pq']),
    facts: daemonWith('AES_GCM_16', 'PRF_HMAC_SHA2_384', 'CURVE_25519'),
    expected: {
      code: 'proposal/not-in-daemon',
      path: 'spec.crypto',
      value: 'pq',
      message: 'the IKE daemon of gw1 does not offer ke1_mlkem768',
      hint: 'ML-KEM needs strongSwan 6.0 or later with a plugin for it; choose another policy until then',
    },
  },
  {
    name: 'an inline proposal that the daemon cannot do',
    text: vary(twoSites, [
      'crypto: default',
      'crypto: {ike: {proposals: [camellia256-sha256-ecp256]}, esp: {proposals: [aes256gcm16-ecp256]}}',
    ]),
    facts: daemonWith('AES_CBC', 'HMAC_SHA2_256_128', 'ECP_256'),
    expected: {
      code: 'proposal/not-in-daemon',
      path: 'spec.crypto.ike.proposals[0]',
      message: 'the IKE daemon of gw1 does not offer camellia256',
      hint: 'load the plugin that has it, or take the keyword out',
    },
  },
];

describe('checkProposals', () => {
  it.each(CASES)('reports $expected.code for $name', (one) => {
    expect(outcome(one)).toEqual(wanted(one));
  });
});
