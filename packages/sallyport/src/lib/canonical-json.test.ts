import fc from 'fast-check';
import { expect, it } from 'vitest';
import { canonicalJson } from './canonical-json.ts';

it('sorts members at every depth and keeps the order of lists', () => {
  expect(canonicalJson({ b: [{ d: 1, c: 2 }, 'x'], a: null })).toBe(
    '{"a":null,"b":[{"c":2,"d":1},"x"]}',
  );
});

it('leaves out members without a value', () => {
  expect(canonicalJson({ a: undefined, b: 1 })).toBe('{"b":1}');
});

it('gives equal bytes for equal data, whatever the order of members, and the data back', () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 4 }), (value) => {
      const text = canonicalJson(value);
      const plain: unknown = JSON.parse(JSON.stringify(value));
      expect(JSON.parse(text)).toEqual(plain);
      expect(canonicalJson(reversed(value))).toBe(text);
    }),
  );
});

function reversed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reversed);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .toReversed()
      .map(([key, member]) => [key, reversed(member)]),
  );
}
