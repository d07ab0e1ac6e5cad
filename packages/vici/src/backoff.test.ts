import { expect, test } from 'vitest';
import { backoffMs } from './backoff.ts';

const options = { initialMs: 100, maxMs: 5000 };

test('delays double up to the limit, half of each being jitter', () => {
  const least = [0, 1, 2, 5, 6, 1000].map((n) => backoffMs(n, { ...options, random: () => 0 }));
  expect(least).toEqual([50, 100, 200, 1600, 2500, 2500]);
  expect(backoffMs(1, { ...options, random: () => 0.5 })).toBe(150);
  expect(backoffMs(1000, { ...options, random: () => 0.999 })).toBeLessThan(5000);
});
