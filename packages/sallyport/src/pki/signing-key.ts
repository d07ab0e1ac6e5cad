/** What an authority signs with: a key of WebCrypto, or one that never leaves its token. */
import { webcrypto } from 'node:crypto';
import type { keyAlgorithmOf } from './keys.ts';

export interface TokenKey {
  readonly algorithm: ReturnType<typeof keyAlgorithmOf>;
  /** In the form of WebCrypto: of ECDSA, r and s side by side. */
  sign(data: ArrayBuffer): Promise<ArrayBuffer>;
}

export type SigningKey = webcrypto.CryptoKey | TokenKey;

export interface SigningKeys {
  readonly privateKey: SigningKey;
  /** DER or a key of WebCrypto. */
  readonly publicKey: webcrypto.CryptoKey | ArrayBuffer;
}

/** For the library, which only passes the key on to `sign` of its WebCrypto, and reads its algorithm. */
export function signingWith(key: SigningKey): [signingKey: webcrypto.CryptoKey, webcrypto.Crypto] {
  if (!('sign' in key)) return [key, webcrypto];
  const sign = (_algorithm: unknown, _key: unknown, data: ArrayBuffer): Promise<ArrayBuffer> =>
    key.sign(data);
  return [
    key as unknown as webcrypto.CryptoKey,
    { subtle: { sign } } as unknown as webcrypto.Crypto,
  ];
}
