/**
 * Inner MTU: what fits into the underlay after tunnel-mode ESP.
 *
 *     outer IP 20 (IPv4) or 40 (IPv6) | UDP 8 (RFC 3948) | ESP header 8 | IV | inner packet,
 *     padding, pad length 1, next header 1, up to the block size | ICV          (RFC 4303 §2)
 *
 *     suite                      IV   block  ICV    inner, 1500 underlay, IPv4 outer, with UDP
 *     AES-GCM-16, ChaCha20       8    4      16     1438
 *     AES-CBC, SHA2-256-128      16   16     16     1422
 *     AES-CBC, SHA2-512-256      16   16     32     1406
 *
 * UDP encapsulation is always counted in: a NAT may turn up on the path at any time.
 */
import type { Family } from '../lib/prefix.ts';

const UDP_HEADER = 8;
const ESP_HEADER = 8;
/** Pad length and next header (RFC 4303 §2.4 to 2.6). */
const ESP_TRAILER = 2;

/** TCP and IP headers without options: MTU minus MSS. */
const TCP_OVER_IP: Readonly<Record<Family, number>> = { 4: 40, 6: 60 };

/** RFC 8200 §5: IPv6 needs links of at least this many bytes. */
export const IPV6_MINIMUM_MTU = 1280;

/** libipsec gives its TUN device this MTU and cannot do more. */
export const USERSPACE_MTU = 1400;

interface Overhead {
  readonly iv: number;
  readonly block: number;
  readonly icv: number;
}

/** Largest inner packet for one ESP proposal; the worst of the alternatives inside it. */
export function innerMtu(proposal: string, underlayMtuBytes: number, outer: Family): number {
  const { iv, block, icv } = overheadOf(proposal);
  const outerHeader = outer === 4 ? 20 : 40;
  const room = underlayMtuBytes - outerHeader - UDP_HEADER - ESP_HEADER - iv - icv;
  return Math.floor(room / block) * block - ESP_TRAILER;
}

/** Smallest over all proposals: the peer may choose any of them, at each rekey anew. */
export function worstInnerMtu(
  proposals: readonly string[],
  underlayMtuBytes: number,
  outer: Family,
): number {
  return Math.min(...proposals.map((proposal) => innerMtu(proposal, underlayMtuBytes, outer)));
}

/** TCP maximum segment size that fits the MTU. */
export function mssBytes(mtuBytes: number, inner: Family): number {
  return mtuBytes - TCP_OVER_IP[inner];
}

function overheadOf(proposal: string): Overhead {
  const words = proposal.split('-');
  if (words.some((word) => /gcm|ccm|ctr|chacha20|^null$/.test(word))) {
    return { iv: 8, block: 4, icv: Math.max(tagOf(words), icvOf(words)) };
  }
  const eightByteBlock = words.some((word) => /^(3des|des|blowfish|cast)/.test(word));
  return { iv: eightByteBlock ? 8 : 16, block: eightByteBlock ? 8 : 16, icv: icvOf(words) };
}

/** AEAD tag: 8, 12 or 16 bytes, written in bytes or bits; 16 where the keyword does not say. */
function tagOf(words: readonly string[]): number {
  const aead = words.find((word) => /gcm|ccm|chacha20/.test(word));
  if (aead === undefined) return 0;
  const size = /(?:gcm|ccm)(8|12|16|64|96|128)$/.exec(aead)?.[1];
  if (size === undefined) return 16;
  return Number(size) > 16 ? Number(size) / 8 : Number(size);
}

/** Truncated MAC: RFC 4868 §2.6 (half the hash), RFC 2404 (12 bytes for SHA-1 and MD5). */
function icvOf(words: readonly string[]): number {
  const sizes = words.map((word) => {
    if (/^(sha512|sha2_512)/.test(word)) return 32;
    if (/^(sha384|sha2_384)/.test(word)) return 24;
    if (/^(sha256|sha2_256)(?!_96)/.test(word)) return 16;
    if (/^(sha1_160|md5_128)/.test(word)) return 20;
    return /^(sha|md5|aesxcbc|aescmac|camelliaxcbc|sha256_96)/.test(word) ? 12 : 0;
  });
  return Math.max(0, ...sizes);
}
