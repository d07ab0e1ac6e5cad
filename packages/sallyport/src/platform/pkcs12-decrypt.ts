/** Decryption of keys and of parts of a PKCS#12 file: PBES2 (RFC 8018) and the older schemes (RFC 7292 appendix C). */
import { createDecipheriv } from 'node:crypto';
import { Integer, OctetString, type Sequence } from 'asn1js';
import { type AlgorithmIdentifier, PBES2Params } from 'pkijs';
import { type Passphrase, UnsupportedError } from './passphrase.ts';
import {
  deriveKey,
  deriveLegacy,
  type LegacyDerivation,
  legacyPassphrases,
  octets,
  PURPOSE,
} from './pkcs12-kdf.ts';
import { decryptRc2Cbc } from './rc2.ts';

const PBES2 = '1.2.840.113549.1.5.13';

/** Node's name of a block cipher in CBC mode, with the length of its key. */
const PBES2_CIPHERS: ReadonlyMap<string, { readonly name: string; readonly keyBytes: number }> =
  new Map([
    ['2.16.840.1.101.3.4.1.2', { name: 'aes-128-cbc', keyBytes: 16 }],
    ['2.16.840.1.101.3.4.1.22', { name: 'aes-192-cbc', keyBytes: 24 }],
    ['2.16.840.1.101.3.4.1.42', { name: 'aes-256-cbc', keyBytes: 32 }],
    ['1.2.840.113549.3.7', { name: 'des-ede3-cbc', keyBytes: 24 }],
  ]);

const LEGACY_CIPHERS: ReadonlyMap<
  string,
  { readonly cipher: '3des' | 'rc2'; readonly keyBytes: number }
> = new Map([
  ['1.2.840.113549.1.12.1.3', { cipher: '3des', keyBytes: 24 }],
  ['1.2.840.113549.1.12.1.4', { cipher: '3des', keyBytes: 16 }],
  ['1.2.840.113549.1.12.1.5', { cipher: 'rc2', keyBytes: 16 }],
  ['1.2.840.113549.1.12.1.6', { cipher: 'rc2', keyBytes: 5 }],
]);

/** Absent: the passphrase does not open it. */
export async function decryptPart(
  algorithm: AlgorithmIdentifier,
  data: Uint8Array,
  passphrase: Passphrase,
): Promise<Uint8Array | undefined> {
  if (algorithm.algorithmId === PBES2) return decryptPbes2(algorithm, data, passphrase);
  for (const bytes of legacyPassphrases(passphrase)) {
    const plain = decryptLegacy(algorithm, data, { passphrase, bytes });
    if (plain !== undefined) return plain;
  }
  return undefined;
}

async function decryptPbes2(
  algorithm: AlgorithmIdentifier,
  data: Uint8Array,
  passphrase: Passphrase,
): Promise<Uint8Array | undefined> {
  const params = new PBES2Params({ schema: algorithm.algorithmParams as unknown });
  const { algorithmId } = params.encryptionScheme;
  const algorithmParams: unknown = params.encryptionScheme.algorithmParams;
  const cipher = PBES2_CIPHERS.get(algorithmId);
  if (cipher === undefined) throw new UnsupportedError(`cipher ${algorithmId}`);
  const key = await deriveKey(params.keyDerivationFunc, passphrase, cipher.keyBytes);
  return decryptCbc(cipher.name, { key, iv: octets(algorithmParams), data });
}

function decryptLegacy(
  algorithm: AlgorithmIdentifier,
  data: Uint8Array,
  opening: Pick<LegacyDerivation, 'passphrase' | 'bytes'>,
): Uint8Array | undefined {
  const scheme = LEGACY_CIPHERS.get(algorithm.algorithmId);
  if (scheme === undefined) throw new UnsupportedError(`scheme ${algorithm.algorithmId}`);
  const { salt, iterations } = legacyParams(algorithm.algorithmParams as unknown);
  const common = { hash: 'sha1', ...opening, salt, iterations };
  const key = deriveLegacy({ ...common, purpose: PURPOSE.key, length: scheme.keyBytes });
  const iv = deriveLegacy({ ...common, purpose: PURPOSE.iv, length: 8 });
  if (scheme.cipher === 'rc2') {
    return decryptRc2Cbc(data, key, { iv, effectiveBits: scheme.keyBytes * 8 });
  }
  // Two-key 3DES uses its first key again as the third.
  const whole = key.length === 24 ? key : Buffer.concat([key, key.subarray(0, 8)]);
  return decryptCbc('des-ede3-cbc', { key: whole, iv, data });
}

/** `SEQUENCE { salt OCTET STRING, iterations INTEGER }`. */
function legacyParams(params: unknown): { salt: Uint8Array; iterations: number } {
  const [salt, iterations] = (params as Sequence | undefined)?.valueBlock.value ?? [];
  if (!(salt instanceof OctetString) || !(iterations instanceof Integer)) {
    throw new UnsupportedError('parameters');
  }
  return { salt: octets(salt), iterations: iterations.valueBlock.valueDec };
}

function decryptCbc(
  cipher: string,
  { key, iv, data }: { key: Uint8Array; iv: Uint8Array; data: Uint8Array },
): Uint8Array | undefined {
  const decipher = createDecipheriv(cipher, key, iv);
  try {
    return Buffer.concat([decipher.update(data), decipher.final()]);
  } catch {
    // Wrong padding: the key is wrong, and so is the passphrase.
    return undefined;
  }
}
