/** Kinds of keys that authorities and gateways have. */
export const KEY_TYPES = [
  'ecdsa-p256',
  'ecdsa-p384',
  'rsa-3072',
  'rsa-4096',
  'rsa-pss-3072',
  'rsa-pss-4096',
  'ed25519',
] as const;

export type KeyType = (typeof KEY_TYPES)[number];
