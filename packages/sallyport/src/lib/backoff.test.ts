import fc from 'fast-check';
import { expect, it } from 'vitest';
import { backoffMilliseconds } from './backoff.ts';

const options = { baseMilliseconds: 1_000, maxMilliseconds: 60_000 };

it('doubles with each failure, up to the limit', () => {
  const longest = [1, 2, 3, 6, 7, 8].map((attempt) => backoffMilliseconds(attempt, 1, options));
  expect(longest).toEqual([1_000, 2_000, 4_000, 32_000, 60_000, 60_000]);
});

it('spreads over the upper half of the step', () => {
  expect(backoffMilliseconds(1, 0, options)).toBe(500);
  expect(backoffMilliseconds(3, 0, options)).toBe(2_000);
  expect(backoffMilliseconds(3, 0.5, options)).toBe(3_000);
});

it('stays within bounds for any count of failures', () => {
  const attempt = fc.oneof(fc.integer(), fc.constant(Number.MAX_SAFE_INTEGER));
  fc.assert(
    fc.property(attempt, fc.double({ min: 0, max: 1, noNaN: true }), (count, random) => {
      const wait = backoffMilliseconds(count, random, options);
      expect(wait).toBeGreaterThanOrEqual(options.baseMilliseconds / 2);
      expect(wait).toBeLessThanOrEqual(options.maxMilliseconds);
    }),
  );
});
