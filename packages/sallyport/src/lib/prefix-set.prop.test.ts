/** Against plain sets of numbers: all prefixes lie in the 256 addresses of one small network. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type Address,
  type Family,
  formatPrefix,
  overlaps,
  type Prefix,
  toPrefix,
  widthOf,
} from './prefix.ts';
import { mergePrefixes } from './prefix-set.ts';

const BASES: Readonly<Record<Family, bigint>> = { 4: 0xc0000200n, 6: 0x20010db8n << 96n };

function addressAt(family: Family, offset: number): Address {
  return { family, value: BASES[family] + BigInt(offset) };
}

const prefix: fc.Arbitrary<Prefix> = fc
  .record({ family: fc.constantFrom<Family>(4, 6), offset: fc.nat({ max: 255 }), bits: fc.nat(8) })
  .map(({ family, offset, bits }) => toPrefix(addressAt(family, offset), widthOf(family) - bits));
const prefixes = fc.array(prefix, { maxLength: 12 });

/** `4 17`: family and offset of every address. */
function members(list: readonly Prefix[]): Set<string> {
  return new Set(
    list.flatMap(({ family, value, length }) => {
      const first = Number(value - BASES[family]);
      const count = 2 ** (widthOf(family) - length);
      return Array.from({ length: count }, (_, index) => `${family} ${first + index}`);
    }),
  );
}

function isSmallest(list: readonly Prefix[]): boolean {
  return list.every((one, index) =>
    list.slice(index + 1).every((other) => {
      const parent = toPrefix(one, Math.max(0, one.length - 1));
      const isPair =
        one.length === other.length &&
        members([parent]).size === members([one, other]).size &&
        overlaps(parent, other);
      return !overlaps(one, other) && !isPair;
    }),
  );
}

describe('mergePrefixes', () => {
  it('keeps the addresses and needs the fewest prefixes for them, in any order of input', () => {
    fc.assert(
      fc.property(prefixes, (list) => {
        const merged = mergePrefixes(list);
        expect(members(merged)).toEqual(members(list));
        expect(isSmallest(merged)).toBe(true);
        expect(mergePrefixes(list.toReversed())).toEqual(merged);
        expect(mergePrefixes(merged)).toEqual(merged);
      }),
    );
  });

  it('joins halves up to the whole address space', () => {
    const halves = [0n, 1n << 31n].map((value): Prefix => ({ family: 4, value, length: 1 }));
    expect(mergePrefixes(halves).map(formatPrefix)).toEqual(['0.0.0.0/0']);
  });
});
