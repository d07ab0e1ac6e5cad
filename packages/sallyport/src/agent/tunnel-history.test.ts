import { describe, expect, it } from 'vitest';
import type { TunnelReading } from '../drivers/strongswan/parse.ts';
import { down, up } from '../status/testing/reports.ts';
import { TunnelHistory } from './tunnel-history.ts';

const at = (seconds: number): Date => new Date(Date.UTC(2026, 5, 1) + seconds * 1_000);
const time = (seconds: number): string => at(seconds).toISOString();
const { since: _, cause: __, ...reading } = down;
const { since: ___, ...upReading } = up;
const connecting: TunnelReading = { ...reading, name: up.name, state: 'connecting' };

describe('TunnelHistory', () => {
  it('counts from the SA where a tunnel is up at first sight, and else from now', () => {
    const history = new TunnelHistory();
    expect(history.complete(upReading, undefined, at(97_200)).since).toBe(time(0));
    expect(history.complete(reading, undefined, at(5)).since).toBe(time(5));
  });

  it('keeps the time while the state stays', () => {
    const history = new TunnelHistory();
    history.complete(reading, undefined, at(5));
    expect(history.complete(reading, undefined, at(50)).since).toBe(time(5));
  });

  it('is down from the first failure until it is up, however often it is tried in between', () => {
    const history = new TunnelHistory();
    const first = history.complete(connecting, undefined, at(0));
    expect(first.state).toBe('connecting');
    const failed = { ...connecting, state: 'down' as const };
    history.complete(failed, down.cause, at(20));
    const retry = history.complete(connecting, down.cause, at(30));
    expect([retry.state, retry.since, retry.cause]).toEqual(['down', time(20), down.cause]);
    const back = history.complete(upReading, undefined, at(40));
    expect([back.state, back.since]).toEqual(['up', time(40)]);
  });

  it('goes on with what was known when a daemon that was silent answers again', () => {
    const history = new TunnelHistory();
    history.complete(upReading, undefined, at(97_200));
    const unknown: TunnelReading = { ...reading, name: up.name, state: 'unknown' };
    expect(history.complete(unknown, undefined, at(97_210)).since).toBe(time(97_210));
    expect(history.complete(unknown, down.cause, at(97_220))).toMatchObject({
      state: 'unknown',
      since: time(97_210),
      cause: down.cause,
    });
    expect(history.complete(upReading, undefined, at(97_230)).since).toBe(time(0));
    expect(history.complete(unknown, undefined, at(97_240)).since).toBe(time(97_240));
  });

  it('forgets tunnels that are not planned any more', () => {
    const history = new TunnelHistory();
    history.complete(reading, undefined, at(5));
    history.keepOnly(new Set());
    expect(history.complete(reading, undefined, at(50)).since).toBe(time(50));
  });
});
