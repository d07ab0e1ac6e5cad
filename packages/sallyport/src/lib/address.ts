/** IPv4 and IPv6 addresses as numbers. Strict on input, canonical (RFC 5952) on output. */
import { remembering } from './remembering.ts';

export type Family = 4 | 6;

export const FAMILIES: readonly Family[] = [4, 6];

export interface Address {
  readonly family: Family;
  /** 32 bits for family 4, 128 for family 6. */
  readonly value: bigint;
}

/** Bits of an address of the family. */
export function widthOf(family: Family): number {
  return family === 4 ? 32 : 128;
}

/** Reads an address; undefined where the text is none. No zone ids, no leading zeros (RFC 6943 §3.1.1). */
export const parseAddress: (text: string) => Address | undefined = remembering((text) => {
  const value = text.includes(':') ? parseIpv6(text) : parseIpv4(text);
  if (value === undefined) return undefined;
  return { family: text.includes(':') ? 6 : 4, value };
});

function parseIpv4(text: string): bigint | undefined {
  const parts = text.split('.');
  if (parts.length !== 4 || !parts.every(isOctet)) return undefined;
  // A bigint at the end only: each one is an object of its own, and addresses come by the thousand.
  return BigInt(parts.reduce((value, part) => value * 256 + Number(part), 0));
}

function isOctet(text: string): boolean {
  return /^(0|[1-9]\d{0,2})$/.test(text) && Number(text) <= 255;
}

/** RFC 4291 §2.2: eight groups, one run of zeros as `::`, the last 32 bits also dotted. */
function parseIpv6(text: string): bigint | undefined {
  const halves = text.split('::');
  if (halves.length > 2) return undefined;
  const head = parseGroups(halves[0] ?? '', halves.length === 1);
  const tail = halves[1] === undefined ? [] : parseGroups(halves[1], true);
  if (head === undefined || tail === undefined) return undefined;
  const missing = 8 - head.length - tail.length;
  if (halves.length === 1 ? missing !== 0 : missing < 1) return undefined;
  const groups = [...head, ...Array.from({ length: Math.max(missing, 0) }, () => 0n), ...tail];
  return groups.reduce((value, group) => (value << 16n) | group, 0n);
}

function parseGroups(text: string, isEnd: boolean): bigint[] | undefined {
  if (text === '') return [];
  const parts = text.split(':');
  const groups: bigint[] = [];
  for (const [index, part] of parts.entries()) {
    if (isEnd && index === parts.length - 1 && part.includes('.')) {
      const dotted = parseIpv4(part);
      if (dotted === undefined) return undefined;
      groups.push(dotted >> 16n, dotted & 0xffffn);
    } else if (/^[0-9a-fA-F]{1,4}$/.test(part)) {
      groups.push(BigInt(`0x${part}`));
    } else {
      return undefined;
    }
  }
  return groups;
}

/** Canonical text: dotted for IPv4, RFC 5952 §4 for IPv6. */
export function formatAddress(address: Address): string {
  return address.family === 4 ? formatIpv4(address.value) : formatIpv6(address.value);
}

function formatIpv4(value: bigint): string {
  const bits = Number(value);
  return [24, 16, 8, 0].map((shift) => (bits >>> shift) & 0xff).join('.');
}

function formatIpv6(value: bigint): string {
  const groups = Array.from(
    { length: 8 },
    (_, index) => (value >> BigInt(112 - 16 * index)) & 0xffffn,
  );
  // RFC 5952 §4.2: the longest run of zero groups, the first of equals, never a single group.
  let best = { start: -1, length: 1 };
  for (let start = 0; start < 8; start++) {
    let length = 0;
    while (start + length < 8 && groups[start + length] === 0n) length++;
    if (length > best.length) best = { start, length };
  }
  const hex = groups.map((group) => group.toString(16));
  // RFC 5952 §5: IPv4-mapped addresses end dotted.
  if (value >> 32n === 0xffffn) return `::ffff:${formatIpv4(value & 0xffff_ffffn)}`;
  if (best.start < 0) return hex.join(':');
  return `${hex.slice(0, best.start).join(':')}::${hex.slice(best.start + best.length).join(':')}`;
}
