import { describe, expect, it } from 'vitest';
import type { Traffic } from '../host-report.ts';
import { child } from '../testing/reports.ts';
import { judgeTraffic, noteTraffic, type TrafficMemory } from './traffic.ts';

type Look = readonly [
  seconds: number,
  ...counters: (readonly [id: string, into: number, out: number])[],
];

/** What is told after the last of these looks. */
function tell(...looks: readonly Look[]): Traffic | undefined {
  let memory: TrafficMemory | undefined;
  let now = 0;
  for (const [seconds, ...counters] of looks) {
    now = seconds * 1000;
    const children = counters.map(([uniqueId, packetsIn, packetsOut]) => ({
      ...child,
      ...{ uniqueId, packetsIn, packetsOut },
    }));
    memory = noteTraffic(memory, children, now);
  }
  return memory && judgeTraffic(memory, now);
}

describe('the traffic of a tunnel', () => {
  it('is not known at first sight, however much there has been', () => {
    expect(tell([0, ['1', 500, 500]])).toBeUndefined();
  });

  it('goes both ways once packets were seen in each', () => {
    expect(tell([0, ['1', 5, 5]], [10, ['1', 6, 6]])).toBe('both-ways');
    expect(tell([0, ['1', 5, 5]], [10, ['1', 5, 6]])).toBeUndefined();
    expect(tell([0, ['1', 5, 5]], [10, ['1', 5, 6]], [20, ['1', 7, 6]])).toBe('both-ways');
  });

  it('of an SA that comes up under our eyes counts from its beginning', () => {
    expect(tell([0], [10, ['1', 3, 3]])).toBe('both-ways');
  });

  it('is unanswered when packets go out for a minute and none comes in', () => {
    const looks: Look[] = [
      [0, ['1', 0, 0]],
      [10, ['1', 0, 1]],
      [60, ['1', 0, 9]],
    ];
    expect(tell(...looks)).toBeUndefined();
    expect(tell(...looks, [70, ['1', 0, 12]])).toBe('unanswered');
    expect(tell(...looks, [70, ['1', 0, 12]], [80, ['1', 1, 13]])).toBe('both-ways');
  });

  it('is unanswered although it was answered before', () => {
    expect(tell([0, ['1', 5, 5]], [10, ['1', 6, 6]], [20, ['1', 6, 7]], [90, ['1', 6, 99]])).toBe(
      'unanswered',
    );
  });

  it('is unreturned when packets come in for a minute and none goes out', () => {
    expect(tell([0, ['1', 0, 0]], [10, ['1', 1, 0]], [70, ['1', 9, 0]])).toBe('unreturned');
  });

  it('is not one-way for a packet now and then that is answered', () => {
    expect(tell([0, ['1', 5, 5]], [10, ['1', 5, 6]], [120, ['1', 6, 6]], [200, ['1', 6, 7]])).toBe(
      'both-ways',
    );
  });

  it('is one over rekeys, though counters begin anew', () => {
    const old = ['1', 900, 900] as const;
    expect(tell([0, old], [10, old, ['2', 0, 0]], [20, ['2', 4, 4]])).toBe('both-ways');
    expect(tell([0, old], [10, old, ['2', 0, 3]], [80, ['2', 0, 80]])).toBe('unanswered');
  });

  it('is none after ten quiet minutes, and what was before is forgotten', () => {
    const looks: Look[] = [
      [0, ['1', 5, 5]],
      [10, ['1', 6, 6]],
    ];
    expect(tell(...looks, [600, ['1', 6, 6]])).toBe('both-ways');
    expect(tell(...looks, [700, ['1', 6, 6]])).toBe('none');
    expect(tell(...looks, [700, ['1', 6, 6]], [710, ['1', 6, 7]])).toBeUndefined();
  });

  it('of SAs that are gone says nothing of those that follow', () => {
    expect(tell([0, ['1', 5, 5]], [10, ['1', 6, 6]], [20], [30, ['2', 0, 1]])).toBeUndefined();
  });
});
