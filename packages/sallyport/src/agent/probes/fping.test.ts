/** With the real fping, on addresses that every machine has. */
import { afterEach, describe, expect, it } from 'vitest';
import { type Entry, rememberingLog } from '../testing/quiet-log.ts';
import { startFping } from './fping.ts';
import type { Asking, Prober } from './prober.ts';
import { Heard } from './testing.ts';

const LOOPBACK: Asking = {
  method: 'icmp',
  interface: 'lo',
  source: '127.0.0.1',
  intervalMilliseconds: 100,
};

let prober: Prober | undefined;
let heard: Heard;
let entries: Entry[];

function start(asking: Asking, targets: readonly string[]): Prober {
  heard = new Heard();
  const remembering = rememberingLog();
  entries = remembering.entries;
  prober = startFping(asking, heard, remembering.log);
  prober.ask(targets);
  return prober;
}
afterEach(() => {
  prober?.close();
});

describe('fping', () => {
  it.each([
    ['IPv4', LOOPBACK, ['127.0.0.1', '127.0.0.2']],
    ['IPv6', { ...LOOPBACK, source: '::1' }, ['::1']],
  ])('tells of each answer as it comes: %s', async (_family, asking, targets) => {
    start(asking, targets);
    await heard.until(() => heard.answers.length >= 3 * targets.length);
    for (const target of targets) {
      const mine = heard.answers.filter((answer) => answer.target === target);
      expect(mine.slice(0, 3).map(({ number }) => number)).toEqual([0, 1, 2]);
      expect(mine[0]?.roundTripMilliseconds).toBeLessThan(1_000);
    }
  });

  it('asks other targets instead', async () => {
    start(LOOPBACK, ['127.0.0.1']).ask(['127.0.0.3']);
    await heard.until(() => heard.answers.length >= 2);
    expect(new Set(heard.answers.map(({ target }) => target))).toEqual(new Set(['127.0.0.3']));
    expect([heard.starts, heard.ends]).toEqual([2, []]);
  });

  it('keeps trying where it has no such interface or address, and says why', async () => {
    start({ ...LOOPBACK, interface: 'nosuch0' }, ['127.0.0.1']);
    await heard.until(() => heard.starts >= 3);
    expect(heard.ends[0]).toEqual([expect.stringContaining('No such device'), true]);
    prober?.close();
    start({ ...LOOPBACK, source: '192.0.2.1' }, ['127.0.0.1']);
    await heard.until(() => heard.starts >= 3);
    expect(heard.ends[0]).toEqual([expect.stringContaining('Cannot assign requested'), true]);
    expect(entries.map(({ msg }) => msg)).toEqual(['probes ended; starting them again']);
  });

  it('says that it cannot ask where there is no fping', async () => {
    const path = process.env['PATH'];
    process.env['PATH'] = '/nonexistent';
    try {
      start(LOOPBACK, ['127.0.0.1']);
      await heard.until(() => heard.ends.length > 0);
    } finally {
      process.env['PATH'] = path;
    }
    expect(heard.ends[0]?.[1]).toBe(false);
    await heard.until(() => heard.answers.length > 0);
  });

  it('says nothing of what does not answer', async () => {
    start(LOOPBACK, ['127.0.0.1', '192.0.2.1']);
    await heard.until(() => heard.answers.length >= 5);
    expect(new Set(heard.answers.map(({ target }) => target))).toEqual(new Set(['127.0.0.1']));
  });

  it('is started anew where it falls silent since packets cannot be sent', async () => {
    start({ method: 'icmp', interface: 'lo', source: '::1', intervalMilliseconds: 10 }, [
      '2001:db8::1',
    ]);
    await heard.until(() => heard.starts >= 2);
    expect([heard.answers, heard.ends]).toEqual([[], []]);
    expect(entries.map(({ msg }) => msg)).toEqual(['probes fell silent; starting them again']);
  });
});
