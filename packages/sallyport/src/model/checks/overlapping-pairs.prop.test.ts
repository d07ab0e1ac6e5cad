import fc from 'fast-check';
import { expect, it } from 'vitest';
import { formatPrefix, overlaps, type Prefix, toPrefix } from '../../lib/prefix.ts';
import { overlappingPairs } from './overlapping-pairs.ts';

/** Few values and lengths, so that many prefixes meet. */
const prefix: fc.Arbitrary<Prefix> = fc
  .record({ family: fc.constantFrom(4 as const, 6 as const), value: fc.nat(15), length: fc.nat(4) })
  .map(({ family, value, length }) => {
    const width = family === 4 ? 32 : 128;
    return toPrefix({ family, value: BigInt(value) << BigInt(width - 4) }, length);
  });

const items = fc
  .array(prefix, { maxLength: 12 })
  .map((list) => list.map((one, id) => ({ id, prefix: one })));

function key(a: number, b: number): string {
  return a < b ? `${String(a)} ${String(b)}` : `${String(b)} ${String(a)}`;
}

it('finds the pairs that comparing each with each finds', () => {
  fc.assert(
    fc.property(items, (list) => {
      const expected = list.flatMap((one) =>
        list
          .filter((other) => other.id > one.id && overlaps(one.prefix, other.prefix))
          .map((other) => key(one.id, other.id)),
      );
      const found = overlappingPairs(list).map(([outer, inner]) => key(outer.id, inner.id));
      expect(found.toSorted()).toEqual(expected.toSorted());
    }),
  );
});

it('names the holder first', () => {
  fc.assert(
    fc.property(items, (list) => {
      for (const [outer, inner] of overlappingPairs(list)) {
        expect(outer.prefix.length, formatPrefix(outer.prefix)).toBeLessThanOrEqual(
          inner.prefix.length,
        );
      }
    }),
  );
});
