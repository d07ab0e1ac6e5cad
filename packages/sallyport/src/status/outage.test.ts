import { expect, it } from 'vitest';
import { type Echo, outageOf } from './outage.ts';

const PHASE = { from: 500, to: 1_000, intervalMilliseconds: 20 };

/** Every 20 ms, answered at once, but for those. */
const echoes = (count: number, isLost: (number: number) => boolean = () => false): Echo[] =>
  Array.from({ length: count }, (_, number) => ({ number, at: number * 20 })).filter(
    ({ number }) => !isLost(number),
  );

it('finds nothing lost where every probe is answered', () => {
  const outage = outageOf(echoes(100), PHASE);
  expect(outage).toEqual({ sent: 26, lost: 0, gapMilliseconds: 0, resumedMilliseconds: 0 });
});

it('takes the longest gap, and counts from the beginning to its end', () => {
  const lost = (number: number): boolean => number === 27 || (number >= 30 && number < 40);
  expect(outageOf(echoes(100, lost), PHASE)).toEqual({
    ...{ sent: 26, lost: 11, gapMilliseconds: 220, resumedMilliseconds: 300 },
  });
});

it('leaves gaps of before and after to others', () => {
  const lost = (number: number): boolean => number === 3 || number === 70;
  expect(outageOf(echoes(100, lost), PHASE).lost).toBe(0);
});

it('says where no answer came in time', () => {
  const lost = (number: number): boolean => number >= 30 && number < 60;
  expect(outageOf(echoes(100, lost), PHASE)).toMatchObject({
    ...{ lost: 30, gapMilliseconds: 620, resumedMilliseconds: null },
  });
});

it('counts the silence of the end, also where nothing was lost before', () => {
  expect(outageOf(echoes(30), PHASE)).toEqual({
    ...{ sent: 27, lost: 21, gapMilliseconds: 420, resumedMilliseconds: null },
  });
});
