/** How each kind of key is made, and how it signs. */
import { KeyObject, webcrypto } from 'node:crypto';
import type { KeyType } from '../model/key-type.ts';

interface KeyAlgorithm {
  /** For WebCrypto. */
  readonly key: webcrypto.EcKeyGenParams | webcrypto.RsaHashedKeyGenParams | webcrypto.Algorithm;
  readonly signature:
    | webcrypto.EcdsaParams
    | (webcrypto.Algorithm & { readonly hash: string; readonly saltLength?: number })
    | webcrypto.Algorithm;
}

/** Of the hash: RFC 4055 §3.1 leaves it open, RFC 8446 §4.2.3 and strongSwan take as much as the hash has. */
const SALT_BYTES: Readonly<Record<string, number>> = { 'SHA-256': 32, 'SHA-384': 48 };

const ALGORITHMS: Readonly<Record<KeyType, KeyAlgorithm>> = {
  'ecdsa-p256': ecdsa('P-256', 'SHA-256'),
  'ecdsa-p384': ecdsa('P-384', 'SHA-384'),
  'rsa-3072': rsa(3072, 'RSASSA-PKCS1-v1_5', 'SHA-256'),
  'rsa-4096': rsa(4096, 'RSASSA-PKCS1-v1_5', 'SHA-384'),
  'rsa-pss-3072': rsa(3072, 'RSA-PSS', 'SHA-256'),
  'rsa-pss-4096': rsa(4096, 'RSA-PSS', 'SHA-384'),
  ed25519: { key: { name: 'Ed25519' }, signature: { name: 'Ed25519' } },
};

function ecdsa(namedCurve: string, hash: string): KeyAlgorithm {
  return { key: { name: 'ECDSA', namedCurve }, signature: { name: 'ECDSA', hash } };
}

function rsa(
  modulusLength: number,
  name: 'RSASSA-PKCS1-v1_5' | 'RSA-PSS',
  hash: string,
): KeyAlgorithm {
  const publicExponent = new Uint8Array([1, 0, 1]);
  const saltLength = SALT_BYTES[hash];
  return {
    key: { name, modulusLength, publicExponent, hash },
    signature: {
      name,
      hash,
      ...(name === 'RSA-PSS' && saltLength !== undefined ? { saltLength } : {}),
    },
  };
}

export function signatureOf(type: KeyType): KeyAlgorithm['signature'] {
  return ALGORITHMS[type].signature;
}

export function keyAlgorithmOf(type: KeyType): KeyAlgorithm['key'] {
  return ALGORITHMS[type].key;
}

/** Of the same kind as a key that is there; RSA keys do not say how they sign. Throws for kinds that we do not make. */
export function keyTypeOf({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject): KeyType {
  const { namedCurve, modulusLength = 0 } = asymmetricKeyDetails ?? {};
  switch (asymmetricKeyType) {
    case 'ed25519':
      return 'ed25519';
    case 'ec':
      return namedCurve === 'prime256v1' ? 'ecdsa-p256' : 'ecdsa-p384';
    case 'rsa':
      return modulusLength > 3_072 ? 'rsa-4096' : 'rsa-3072';
    default:
      throw new Error(`a key of type ${asymmetricKeyType ?? 'unknown'} is none that is made here`);
  }
}

/** For a gateway: its private key in PEM, unencrypted, as daemons read it. */
export async function generateGatewayKeys(
  type: KeyType,
): Promise<{ readonly publicKey: webcrypto.CryptoKey; readonly key: string }> {
  const { privateKey, publicKey } = await generateKeys(type);
  const key = KeyObject.from(privateKey).export({ format: 'pem', type: 'pkcs8' }).toString();
  return { publicKey, key };
}

export async function generateKeys(type: KeyType): Promise<webcrypto.CryptoKeyPair> {
  const keys = await webcrypto.subtle.generateKey(keyAlgorithmOf(type), true, ['sign', 'verify']);
  if (!('privateKey' in keys)) throw new Error(`${type} is no pair of keys`);
  return keys;
}
