/** Keys from passphrases, as PKCS#8 and PKCS#12 want them: PBKDF2, scrypt, and the older way of PKCS#12's own. */
import { createHash, pbkdf2, scrypt } from 'node:crypto';
import { promisify } from 'node:util';
import { Integer, OctetString, type Sequence } from 'asn1js';
import { type AlgorithmIdentifier, PBKDF2Params } from 'pkijs';
import { type Passphrase, UnsupportedError } from './passphrase.ts';

const HASHES: ReadonlyMap<string, string> = new Map([
  ['1.3.14.3.2.26', 'sha1'],
  ['2.16.840.1.101.3.4.2.4', 'sha224'],
  ['2.16.840.1.101.3.4.2.1', 'sha256'],
  ['2.16.840.1.101.3.4.2.2', 'sha384'],
  ['2.16.840.1.101.3.4.2.3', 'sha512'],
  // The same as HMAC (RFC 8018 appendix B.1.2).
  ['1.2.840.113549.2.7', 'sha1'],
  ['1.2.840.113549.2.8', 'sha224'],
  ['1.2.840.113549.2.9', 'sha256'],
  ['1.2.840.113549.2.10', 'sha384'],
  ['1.2.840.113549.2.11', 'sha512'],
]);

/** Node's name of a hash, from the identifier of the hash or of the HMAC with it. */
export function hashName(algorithm: string): string {
  const name = HASHES.get(algorithm);
  if (name === undefined) throw new UnsupportedError(`hash ${algorithm}`);
  return name;
}

const PBKDF2 = '1.2.840.113549.1.5.12';
const SCRYPT = '1.3.6.1.4.1.11591.4.11';
const HMAC_SHA1 = '1.2.840.113549.2.7';
const pbkdf2Async = promisify(pbkdf2);
const scryptAsync = promisify<
  string,
  Uint8Array,
  number,
  { N: number; r: number; p: number; maxmem: number },
  Buffer
>(scrypt);

/** RFC 8018 §5.2, RFC 7914 §7; the passphrase goes in as UTF-8. */
export async function deriveKey(
  { algorithmId, algorithmParams }: AlgorithmIdentifier,
  passphrase: Passphrase,
  keyBytes: number,
): Promise<Uint8Array> {
  switch (algorithmId) {
    case PBKDF2: {
      const params = new PBKDF2Params({ schema: algorithmParams as unknown });
      const iterations = params.iterationCount;
      passphrase.spend(iterations);
      const hash = hashName(params.prf?.algorithmId ?? HMAC_SHA1);
      return pbkdf2Async(passphrase.text, octets(params.salt), iterations, keyBytes, hash);
    }
    case SCRYPT: {
      const { salt, N, r, p } = scryptParams(algorithmParams as unknown);
      passphrase.spend(N * r * p);
      // Twice the blocks: OpenSSL needs a few for itself.
      return scryptAsync(passphrase.text, salt, keyBytes, { N, r, p, maxmem: 2 * 128 * N * r });
    }
    default:
      throw new UnsupportedError(`key derivation ${algorithmId}`);
  }
}

/** `SEQUENCE { salt OCTET STRING, N INTEGER, r INTEGER, p INTEGER, keyLength INTEGER OPTIONAL }`. */
function scryptParams(params: unknown): { salt: Uint8Array; N: number; r: number; p: number } {
  const [salt, ...cost] = (params as Sequence | undefined)?.valueBlock.value ?? [];
  const [N = 0, r = 0, p = 0] = cost.map((one) =>
    one instanceof Integer ? Number(one.toBigInt()) : 0,
  );
  return { salt: octets(salt), N, r, p };
}

/** Bytes of an ASN.1 octet string, which long files may hold in pieces. */
export function octets(value: unknown): Uint8Array {
  if (value instanceof OctetString) return new Uint8Array(value.getValue());
  throw new UnsupportedError('value in place of an octet string');
}

/** What derived bytes are for (RFC 7292 appendix B.3). */
export const PURPOSE = { key: 1, iv: 2, mac: 3 } as const;

export interface LegacyDerivation {
  readonly hash: string;
  readonly passphrase: Passphrase;
  /** One of its `legacyPassphrases`. */
  readonly bytes: Uint8Array;
  readonly salt: Uint8Array;
  readonly iterations: number;
  readonly purpose: (typeof PURPOSE)[keyof typeof PURPOSE];
  readonly length: number;
}

/** RFC 7292 appendix B.2. Throws where it is more work than the passphrase is good for. */
export function deriveLegacy(options: LegacyDerivation): Uint8Array {
  const { hash, passphrase, bytes: text, salt, iterations, length } = options;
  passphrase.spend(iterations);
  const blockBytes = hash === 'sha384' || hash === 'sha512' ? 128 : 64;
  const diversifier = new Uint8Array(blockBytes).fill(options.purpose);
  const input = Buffer.concat([repeat(salt, blockBytes), repeat(text, blockBytes)]);
  const parts: Uint8Array[] = [];
  for (let bytes = 0; bytes < length; ) {
    let block: Uint8Array = createHash(hash).update(diversifier).update(input).digest();
    for (let round = 1; round < iterations; round += 1) {
      block = createHash(hash).update(block).digest();
    }
    parts.push(block);
    bytes += block.length;
    addToBlocks(input, repeat(block, blockBytes).subarray(0, blockBytes));
  }
  return Buffer.concat(parts).subarray(0, length);
}

/** Repeated up to a whole number of blocks. */
function repeat(bytes: Uint8Array, blockBytes: number): Uint8Array {
  const length = Math.ceil(bytes.length / blockBytes) * blockBytes;
  return Uint8Array.from({ length }, (_, index) => bytes[index % bytes.length] ?? 0);
}

/** Adds `block` + 1 to each block of `input`, as big-endian numbers without the last carry. */
function addToBlocks(input: Uint8Array, block: Uint8Array): void {
  for (let start = 0; start < input.length; start += block.length) {
    let carry = 1;
    for (let index = block.length - 1; index >= 0; index -= 1) {
      const sum = (input[start + index] ?? 0) + (block[index] ?? 0) + carry;
      input[start + index] = sum & 0xff;
      carry = sum >> 8;
    }
  }
}

/** RFC 7292 appendix B.1: UTF-16 with a final zero; for no passphrase, writers differ: with it or without. */
export function legacyPassphrases({ text }: Passphrase): Uint8Array[] {
  const bytes = Buffer.from(`${text}\0`, 'utf16le').swap16();
  return text === '' ? [bytes, new Uint8Array(0)] : [bytes];
}
