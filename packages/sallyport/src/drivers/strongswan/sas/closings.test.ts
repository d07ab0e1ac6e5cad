import { describe, expect, it } from 'vitest';
import { Closings } from './closings.ts';

describe('Closings', () => {
  it('counts those of the last ten minutes', () => {
    const closings = new Closings();
    expect(closings.countAt(0)).toBe(0);
    expect(closings.isGoingOnAt(0)).toBe(false);
    for (const at of [0, 300_000, 500_000]) closings.add(at);
    expect(closings.countAt(500_000)).toBe(3);
    expect(closings.countAt(700_000)).toBe(2);
    expect(closings.countAt(2_000_000)).toBe(0);
    expect(closings.countAt(-1)).toBe(0);
  });

  it('go on until the tunnel has stood for twice the usual time, and for half a minute', () => {
    const slow = new Closings();
    for (const at of [0, 60_000, 120_000]) slow.add(at);
    expect(slow.isGoingOnAt(239_000)).toBe(true);
    expect(slow.isGoingOnAt(240_000)).toBe(false);
    const fast = new Closings();
    for (const at of [0, 1_000, 2_000]) fast.add(at);
    expect(fast.isGoingOnAt(31_000)).toBe(true);
    expect(fast.isGoingOnAt(32_000)).toBe(false);
  });

  it('are not told apart without bound', () => {
    const closings = new Closings();
    for (let at = 0; at < 1000; at += 1) closings.add(at);
    expect(closings.countAt(1000)).toBe(20);
  });
});
