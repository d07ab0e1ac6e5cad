import { describe, expect, it } from 'vitest';
import { ALL, TOLD } from './extent.ts';
import { Pace, type PacedRound } from './pace.ts';

const well: PacedRound = {
  ...{ differences: [], problems: [], isMoving: false, extent: ALL },
  processorMilliseconds: 20,
};
const differing: PacedRound = { ...well, differences: [{ text: 'kernel: add route' }] };

describe('Pace', () => {
  it('looks at everything when it begins', () => {
    expect(new Pace(() => 0).isAllDue(0)).toBe(true);
  });

  it.each([
    [0, 7_500],
    [0.999_999, 10_000],
  ])('rests where all is well, spread over hosts (random %d)', (random, pause) => {
    expect(new Pace(() => random).pauseAfter(well, 0, undefined)).toBeCloseTo(pause, 0);
  });

  it.each<{ what: string; round: PacedRound }>([
    { what: 'what differs', round: differing },
    {
      what: 'an error',
      round: { ...well, problems: [{ code: 'x', severity: 'error', message: 'x' }] },
    },
  ])(
    'comes back to $what sooner, then later and later, at last as to what is well',
    ({ round }) => {
      const pace = new Pace(() => 0);
      const pauses = Array.from({ length: 6 }, () => pace.pauseAfter(round, 0, undefined));
      expect(pauses).toEqual([500, 1_000, 2_000, 4_000, 5_000, 5_000]);
      pace.pauseAfter(well, 0, undefined);
      expect(pace.pauseAfter(round, 0, undefined)).toBe(500);
    },
  );

  it.each([
    [200, 20_000],
    [900, 30_000],
  ])(
    'rests longer where the look has cost %d ms of a processor',
    (processorMilliseconds, pause) => {
      const round = { ...well, processorMilliseconds };
      expect(new Pace(() => 1).pauseAfter(round, 0, undefined)).toBe(pause);
    },
  );

  it('takes a warning for no failure', () => {
    const warned: PacedRound = {
      ...well,
      problems: [{ code: 'x', severity: 'warning', message: 'x' }],
    };
    expect(new Pace(() => 0).pauseAfter(warned, 0, undefined)).toBe(7_500);
  });

  it('tries the kernel again where it failed, also when the round before looked at tunnels only', () => {
    const pace = new Pace(() => 0);
    pace.pauseAfter(differing, 0, undefined);
    expect(pace.isAllDue(499)).toBe(false);
    expect(pace.pauseAfter({ ...differing, extent: TOLD }, 400, undefined)).toBe(100);
    expect(pace.isAllDue(500)).toBe(true);
  });

  it('reads the kernel back in time, however busy the tunnels are', () => {
    const pace = new Pace(() => 0);
    const moving: PacedRound = { ...well, isMoving: true, extent: TOLD };
    let now = 0;
    now += pace.pauseAfter({ ...moving, extent: ALL }, now, undefined);
    expect(now).toBe(1_000);
    while (!pace.isAllDue(now)) now += pace.pauseAfter(moving, now, undefined);
    expect(now).toBe(7_500);
  });

  it('wakes for a tunnel whose wait is over, and not twice in a moment', () => {
    const pace = new Pace(() => 0);
    expect(pace.pauseAfter(well, 1_000, 4_000)).toBe(3_000);
    expect(pace.pauseAfter(well, 1_000, 500)).toBe(25);
  });

  it('looks at everything after a round that broke off, with the same growing pauses', () => {
    const pace = new Pace(() => 0);
    pace.pauseAfter(well, 0, undefined);
    expect(pace.isAllDue(1)).toBe(false);
    expect([pace.pauseAfterFault(), pace.pauseAfterFault()]).toEqual([500, 1_000]);
    expect(pace.isAllDue(1)).toBe(true);
  });
});
