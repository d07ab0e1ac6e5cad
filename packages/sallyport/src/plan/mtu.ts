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
import { findKeyword, type KeywordKind } from '../model/algorithm-keywords.ts';

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

/** Tag of AEAD algorithms whose name does not tell it (RFC 7634 §2, RFC 4543 §3). */
const USUAL_TAG = 16;

/** Outer IP, UDP 8, VXLAN 8 and the inner Ethernet 14 (RFC 7348 §5). */
export const VXLAN_OVERHEAD: Readonly<Record<Family, number>> = { 4: 50, 6: 70 };

/** Inner MTU of one tunnel, and what it comes from; all in bytes. */
export interface TunnelMtu {
  readonly bytes: number;
  /** What fits at most. */
  readonly ceilingBytes: number;
  readonly underlayBytes: number;
}

interface Overhead {
  readonly iv: number;
  readonly block: number;
  readonly icv: number;
}

/** Largest inner packet for one ESP proposal; the worst of the alternatives inside it. */
export function innerMtu(proposal: string, underlayMtuBytes: number, outer: Family): number {
  const room = underlayMtuBytes - (outer === 4 ? 20 : 40) - UDP_HEADER - ESP_HEADER;
  const fitting = overheadsOf(proposal).map(
    ({ iv, block, icv }) => Math.floor((room - iv - icv) / block) * block - ESP_TRAILER,
  );
  return Math.min(...fitting);
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

/** One for each cipher; a cipher without authentication goes with the longest of the MACs. */
function overheadsOf(proposal: string): Overhead[] {
  const named = (kind: KeywordKind): string[] =>
    proposal
      .split('-')
      .map(findKeyword)
      .flatMap((found) => (found?.kind === kind ? (found.algorithm ?? []) : []));
  // Names of MACs end with the bits that are sent: HMAC_SHA2_256_128, AES_XCBC_96.
  const icv = Math.max(0, ...named('integrity').map((name) => sizeIn(name, 0) / 8));
  return [
    ...named('aead').map((name) => ({ iv: 8, block: 4, icv: tagOf(name) })),
    ...named('encryption').map((name) => ({ ...cipherOf(name), icv })),
  ];
}

function cipherOf(name: string): Omit<Overhead, 'icv'> {
  // ESP aligns to four bytes where the cipher asks for nothing (RFC 4303 §2.4).
  if (name === 'NULL') return { iv: 0, block: 4 };
  if (name.endsWith('_CTR')) return { iv: 8, block: 4 };
  const size = /^(3DES|DES|BLOWFISH|CAST)_/.test(name) ? 8 : 16;
  return { iv: size, block: size };
}

/** AES_GCM_12 says it in bytes. */
function tagOf(name: string): number {
  return /_(GCM|CCM)_/.test(name) ? sizeIn(name, USUAL_TAG) : USUAL_TAG;
}

/** The number at the end of an algorithm's name. */
function sizeIn(name: string, otherwise: number): number {
  return Number(/_(\d+)$/.exec(name)?.[1] ?? otherwise);
}
