import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { editDistance, nameHint, nearestName } from './nearest-name.ts';

describe('editDistance', () => {
  it.each([
    ['', '', 0],
    ['abc', '', 3],
    ['psk', 'psk', 0],
    ['adress', 'address', 1],
    ['egde', 'edge', 1],
    ['kitten', 'sitting', 3],
    ['ca', 'abc', 3],
  ])('of %j and %j is %i', (a, b, distance) => {
    expect(editDistance(a, b, 10)).toBe(distance);
    expect(editDistance(b, a, 10)).toBe(distance);
  });

  it('is the limit and one where it is above the limit', () => {
    fc.assert(
      fc.property(
        fc.string({ maxLength: 12 }),
        fc.string({ maxLength: 12 }),
        fc.nat(5),
        (a, b, limit) => {
          expect(editDistance(a, b, limit)).toBe(Math.min(editDistance(a, b, 12), limit + 1));
        },
      ),
    );
  });

  it('is at most the number of edits made', () => {
    const edit = fc.record({
      at: fc.nat(20),
      drop: fc.nat(1),
      insert: fc.constantFrom('', 'a', 'b'),
    });
    fc.assert(
      fc.property(fc.string({ maxLength: 12 }), fc.array(edit, { maxLength: 4 }), (text, edits) => {
        const edited = edits.reduce(
          (now, { at, drop, insert }) => now.slice(0, at) + insert + now.slice(at + drop),
          text,
        );
        expect(editDistance(text, edited, 12)).toBeLessThanOrEqual(edits.length);
      }),
    );
  });
});

describe('nearestName', () => {
  it.each([
    ['adress', ['networks', 'address', 'addresses'], 'address'],
    ['AutH', ['auth', 'start'], 'auth'],
    ['psl', ['psk', 'pem'], 'psk'],
    ['abc', ['psk', 'pem'], undefined],
    ['x', [], undefined],
    ['y'.repeat(300), ['y'.repeat(299)], undefined],
  ])('to %s among %j is %s', (text, known, nearest) => {
    expect(nearestName(text, known)).toBe(nearest);
  });
});

describe('nameHint', () => {
  it('lists the names when none is near and they are few', () => {
    expect(nameHint('colour', ['psk', 'pem'])).toBe('use one of: psk, pem');
    expect(
      nameHint(
        'colour',
        Array.from({ length: 25 }, (_, index) => `gateway-${String(index)}`),
      ),
    ).toBeUndefined();
    expect(nameHint('colour', [])).toBeUndefined();
  });
});
