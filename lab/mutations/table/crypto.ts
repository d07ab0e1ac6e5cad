// What of a CryptoPolicy, or of one written inline in a Connection, can be changed.

import { both, type Mutation, type Proofs } from '../mutation.ts';
import * as prove from '../proofs.ts';
import { TUNNEL } from '../proofs.ts';

const LIGHT = 'aes128gcm16-prfsha256-ecp256';
const LIGHT_ESP = 'aes128gcm16-ecp256';

export const ikeSuites: Proofs = [
  prove.ikeSuite(TUNNEL, 256, 'ECP_384'),
  prove.ikeSuite(TUNNEL, 128, 'ECP_256'),
];
export const espSuites: Proofs = both((bits: number) => prove.espSuite(TUNNEL, bits), 256, 128);
const ikeLifetimes = both((seconds: number) => prove.ikeLifetime(TUNNEL, seconds), 14_400, 7_200);
const childLifetimes = both(
  (seconds: number) => prove.childLifetime(TUNNEL, seconds),
  3_600,
  1_800,
);
const childBytes = both(
  (bytes: number) => prove.childBytes(TUNNEL, bytes),
  4_000_000_000,
  2_000_000_000,
);

/** The same five fields stand in a CryptoPolicy and, written inline, in a Connection. */
const CRYPTO = [
  {
    field: 'ike.proposals',
    from: '[aes256gcm16-prfsha384-ecp384]',
    to: `[${LIGHT}]`,
    proofs: ikeSuites,
  },
  { field: 'ike.rekeySeconds', from: '14400', to: '7200', proofs: ikeLifetimes },
  { field: 'esp.proposals', from: '[aes256gcm16-ecp384]', to: `[${LIGHT_ESP}]`, proofs: espSuites },
  { field: 'esp.rekeySeconds', from: '3600', to: '1800', proofs: childLifetimes },
  { field: 'esp.rekeyBytes', from: '4000000000', to: '2000000000', proofs: childBytes },
] as const;

/** Lines of the policy `strong`, and of no other object. */
const STRONG = {
  ike: 'ike: {proposals: [aes256gcm16-prfsha384-ecp384], rekeySeconds: 14400}',
  esp: 'esp: {proposals: [aes256gcm16-ecp384], rekeySeconds: 3600, rekeyBytes: 4000000000}',
} as const;

export const CRYPTO_POLICY: readonly Mutation[] = CRYPTO.map(
  ({ field, from, to, proofs }): Mutation => {
    const line = field.startsWith('ike') ? STRONG.ike : STRONG.esp;
    return {
      ...{ fields: [`CryptoPolicy spec.${field}`], what: `${from} to ${to}`, tunnel: 'tunnel' },
      ...{ change: [[line, line.replace(from, to)]], proofs },
    };
  },
);

/** Written inline, all of them at once. */
export const INLINE_CRYPTO: Mutation = {
  fields: CRYPTO.map(({ field }) => `Connection spec.crypto.${field}`),
  ...{ what: 'a policy to all of it inline, each with another value', tunnel: 'tunnel' },
  change: [
    [
      'crypto: strong',
      CRYPTO.reduce(
        (text, { from, to }) => text.replace(from, to),
        `crypto:\n    ${STRONG.ike}\n    ${STRONG.esp}`,
      ),
    ],
  ],
  proofs: ikeSuites,
  more: [ikeLifetimes, espSuites, childLifetimes, childBytes],
};
