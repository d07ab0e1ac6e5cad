/** The id that an IKE daemon gives a private key. */
import { createHash, createPublicKey, type KeyObject } from 'node:crypto';

/**
 * Hex digits: SHA-1 over the bits of `subjectPublicKey` (RFC 5280 §4.2.1.2, method 1), without the
 * algorithm that stands before them.
 */
export function keyIdOf(privateKey: KeyObject): string {
  const der = createPublicKey(privateKey).export({ format: 'der', type: 'spki' });
  const info = elementAt(der, 0);
  const bits = elementAt(info.content, elementAt(info.content, 0).end);
  // The first byte of a BIT STRING counts the bits that its last one leaves unused: here, none.
  return createHash('sha1').update(bits.content.subarray(1)).digest('hex');
}

/** One element of DER (X.690 §8.1): its content, and where the next one begins. */
function elementAt(
  der: Buffer,
  offset: number,
): { readonly content: Buffer; readonly end: number } {
  const first = der.readUInt8(offset + 1);
  const lengthBytes = first < 0x80 ? 0 : first & 0x7f;
  const start = offset + 2 + lengthBytes;
  const end = start + (lengthBytes === 0 ? first : der.readUIntBE(offset + 2, lengthBytes));
  return { content: der.subarray(start, end), end };
}
