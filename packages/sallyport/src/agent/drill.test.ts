import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { Drill } from './drill.ts';

beforeEach(() => {
  vi.useFakeTimers({ now: Date.parse('2026-06-01T12:00:00.000Z') });
});
afterEach(() => {
  vi.useRealTimers();
});

it('ends by itself, whatever becomes of who began it', () => {
  const onEnd = vi.fn();
  const drill = new Drill(onEnd);
  drill.begin(['b', 'a'], 10);
  expect(drill.report).toEqual({ tunnels: ['a', 'b'], until: '2026-06-01T12:00:10.000Z' });
  expect(drill.tunnels).toEqual(new Set(['a', 'b']));
  vi.advanceTimersByTime(10_000);
  expect([drill.report, drill.tunnels.size, onEnd.mock.calls.length]).toEqual([undefined, 0, 1]);
});

it('is over at once when it is ended, and says no more', () => {
  const onEnd = vi.fn();
  const drill = new Drill(onEnd);
  drill.begin(['a'], 10);
  drill.end();
  expect(drill.report).toBeUndefined();
  vi.advanceTimersByTime(60_000);
  expect(onEnd).not.toHaveBeenCalled();
});
