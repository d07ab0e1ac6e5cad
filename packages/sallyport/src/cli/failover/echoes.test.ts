import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { ProberListener } from '../../agent/probes/prober.ts';
import { Echoes } from './echoes.ts';

const { started } = vi.hoisted(() => ({
  started: [] as { source: string; targets: readonly string[]; listener: ProberListener }[],
}));
const closed = vi.hoisted(() => vi.fn());
vi.mock(import('../../agent/probes/fping.ts'), () => ({
  startFping: ({ source }, listener) => ({
    ask: (targets) => {
      started.push({ source, targets, listener });
      listener.onStart();
    },
    close: closed,
  }),
}));

let now: number;

beforeEach(() => {
  started.length = 0;
  now = 0;
  vi.spyOn(performance, 'now').mockImplementation(() => now);
});
afterEach(() => {
  vi.restoreAllMocks();
});

it('keeps when each target answered, and goes on counting where the prober began anew', () => {
  const echoes = new Echoes();
  echoes.start(new Map([['10.1.0.1', ['10.2.0.2', '10.2.0.3']]]));
  const [one] = started;
  expect([one?.source, one?.targets]).toEqual(['10.1.0.1', ['10.2.0.2', '10.2.0.3']]);
  const answer = (target: string, number: number): void => {
    one?.listener.onAnswer({ target, number, roundTripMilliseconds: 1 });
  };
  now = 40;
  answer('10.2.0.2', 2);
  now = 100;
  one?.listener.onStart();
  now = 120;
  answer('10.2.0.2', 1);
  expect(echoes.of('10.2.0.2')).toEqual([
    { number: 2, at: 40 },
    { number: 6, at: 120 },
  ]);
  expect(echoes.of('10.2.0.9')).toEqual([]);
  now = 1_000;
  expect(echoes.silentFor(900)).toEqual(['10.2.0.3']);
  echoes.close();
  expect(closed).toHaveBeenCalledOnce();
});

it('says why nothing can be asked on this host', () => {
  const echoes = new Echoes();
  echoes.start(new Map([['10.1.0.1', ['10.2.0.2']]]));
  started[0]?.listener.onRefusal('10.2.0.2', 'ICMP Host Unreachable');
  started[0]?.listener.onEnd('fping ended with 1', true);
  expect(echoes.fault).toBeUndefined();
  started[0]?.listener.onEnd('fping: not found', false);
  expect(echoes.fault).toBe('fping: not found');
});
