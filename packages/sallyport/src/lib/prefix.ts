/** IPv4 and IPv6 prefixes: parse, print, compare. Set arithmetic is in `prefix-set.ts`. */
import {
  type Address,
  FAMILIES,
  type Family,
  formatAddress,
  parseAddress,
  widthOf,
} from './address.ts';
import { remembering } from './remembering.ts';

export * from './address.ts';

/** An {@link Address} without bits set behind `length`. */
export interface Prefix {
  readonly family: Family;
  readonly value: bigint;
  /** 0 to 32 or 128. */
  readonly length: number;
}

export type PrefixResult =
  | { readonly ok: true; readonly prefix: Prefix }
  | {
      readonly ok: false;
      readonly code: 'prefix/malformed' | 'prefix/host-bits';
      readonly reason: string;
      readonly hint: string;
    };

/** Reads `10.1.0.0/16`. Host bits are refused, because they mean that something else was meant. */
export const parsePrefix: (text: string) => PrefixResult = remembering((text) => {
  const match = /^([^/]+)\/(0|[1-9]\d{0,2})$/.exec(text);
  const address = match?.[1] === undefined ? undefined : parseAddress(match[1]);
  const length = Number(match?.[2]);
  if (address === undefined || length > widthOf(address.family)) {
    return {
      ok: false,
      code: 'prefix/malformed',
      reason: 'is not a prefix',
      hint: 'write address/length, for example 10.1.0.0/16 or fd01::/64',
    };
  }
  const prefix = toPrefix(address, length);
  if (prefix.value === address.value) return { ok: true, prefix };
  return {
    ok: false,
    code: 'prefix/host-bits',
    reason: 'has host bits set',
    hint: `write ${formatPrefix(prefix)} for the network or ${formatAddress(address)}/${widthOf(address.family)} for the host`,
  };
});

/** Of those texts that are prefixes, in their order. */
export function parsePrefixes(texts: readonly string[]): Prefix[] {
  return texts.map(parsePrefix).flatMap((parsed) => (parsed.ok ? [parsed.prefix] : []));
}

/** An address and the subnet it is in. */
export interface InterfaceAddress {
  readonly address: Address;
  readonly subnet: Prefix;
}

/** Reads `169.254.10.2/30`; undefined where it is none. */
export function parseInterfaceAddress(text: string): InterfaceAddress | undefined {
  const [address, length, ...rest] = text.split('/');
  const parsed = parseAddress(address ?? '');
  if (parsed === undefined || rest.length > 0 || !/^(0|[1-9]\d{0,2})$/.test(length ?? ''))
    return undefined;
  if (Number(length) > widthOf(parsed.family)) return undefined;
  return { address: parsed, subnet: toPrefix(parsed, Number(length)) };
}

/** The prefix of the given length that holds the address. */
export function toPrefix(address: Address, length: number): Prefix {
  const shift = BigInt(widthOf(address.family) - length);
  return { family: address.family, value: (address.value >> shift) << shift, length };
}

/** Its two halves; none where it is a single address. */
export function splitPrefix({ family, value, length }: Prefix): Prefix[] {
  if (length === widthOf(family)) return [];
  const half = 1n << BigInt(widthOf(family) - length - 1);
  return [value, value + half].map((start) => ({ family, value: start, length: length + 1 }));
}

export function formatPrefix(prefix: Prefix): string {
  return `${formatAddress(prefix)}/${prefix.length}`;
}

/** Family of an address or prefix in text; undefined where it is neither. */
export function familyOf(text: string): Family | undefined {
  return parseAddress(text.split('/', 1)[0] ?? '')?.family;
}

/** Of all of them, in order. */
export function familiesIn(prefixes: readonly string[]): Family[] {
  const present = new Set(prefixes.map((prefix) => familyOf(prefix)));
  return FAMILIES.filter((family) => present.has(family));
}

export function containsPrefix(outer: Prefix, inner: Prefix): boolean {
  if (outer.family !== inner.family || outer.length > inner.length) return false;
  const shift = BigInt(widthOf(outer.family) - outer.length);
  return outer.value >> shift === inner.value >> shift;
}

export function containsAddress(prefix: Prefix, address: Address): boolean {
  return containsPrefix(prefix, toPrefix(address, widthOf(address.family)));
}

export function overlaps(a: Prefix, b: Prefix): boolean {
  return containsPrefix(a, b) || containsPrefix(b, a);
}

/** Order for sorted lists: family, then address, then length. */
export function comparePrefixes(a: Prefix, b: Prefix): number {
  if (a.family !== b.family) return a.family - b.family;
  if (a.value !== b.value) return a.value < b.value ? -1 : 1;
  return a.length - b.length;
}
