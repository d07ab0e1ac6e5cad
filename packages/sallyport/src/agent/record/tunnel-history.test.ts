import type { SaEvent } from '@sallyport/vici';
import { buildMessage, parseSaEvent } from '@sallyport/vici';
import { describe, expect, it } from 'vitest';
import type { TunnelReading } from '../../drivers/strongswan/parse.ts';
import type { SaCounters } from '../../status/counter-ledger.ts';
import type { Cause, TunnelReport } from '../../status/host-report.ts';
import { down, up } from '../../status/testing/reports.ts';
import { type Entry, rememberingLog } from '../testing/quiet-log.ts';
import type { TunnelRecord } from './history-file.ts';
import { TunnelHistory } from './tunnel-history.ts';

const at = (seconds: number): Date => new Date(Date.UTC(2026, 5, 1) + seconds * 1_000);
const time = (seconds: number): string => at(seconds).toISOString();

function readingOf({ since: _, cause: __, history: ___, traffic: ____, ...rest }: TunnelReport) {
  return { ...rest, counters: [] };
}

const reading: TunnelReading = readingOf(down);
const upReading: TunnelReading = readingOf(up);
const connecting: TunnelReading = { ...reading, name: up.name, state: 'connecting' };
const downReading: TunnelReading = { ...connecting, state: 'down' };
const cause: Cause = {
  code: 'ike/no-answer',
  message: '198.51.100.30 did not answer',
  hint: 'ask',
  at: time(0),
};

const ends = { localAddress: '192.0.2.10', remoteAddress: '198.51.100.20' };

/** A Child SA with as many bytes and packets, both ways. */
function sa(id: string, count: number): SaCounters {
  const counters = { bytesIn: count, bytesOut: count, packetsIn: count, packetsOut: count };
  return { sa: `${id}/c${id}/d${id}`, ...ends, ...counters };
}

function withSas(...counters: SaCounters[]): TunnelReading {
  return { ...upReading, counters };
}

/** As charon tells it. */
function saEvent(name: string, fields: Readonly<Record<string, object>>): SaEvent {
  const hosts = { 'local-host': ends.localAddress, 'remote-host': ends.remoteAddress };
  const message = buildMessage({ [up.name]: { uniqueid: '3', ...hosts, ...fields } });
  const event = parseSaEvent(name, message);
  if (event === undefined) throw new Error('no event of an SA');
  return event;
}

function childFields(id: string, count: number): Record<string, string> {
  return {
    name: 'v4',
    uniqueid: id,
    'spi-in': `c${id}`,
    'spi-out': `d${id}`,
    'bytes-in': String(count),
    'bytes-out': String(count),
    'packets-in': String(count),
    'packets-out': String(count),
  };
}

function rekeyed(before: string, count: number, after: string): SaEvent {
  const pair = { old: childFields(before, count), new: childFields(after, 0) };
  return saEvent('child-rekey', { 'child-sas': { v4: pair } });
}

class World {
  seconds = 0;
  stored: ReadonlyMap<string, TunnelRecord> = new Map();
  writes = 0;
  fault: Error | undefined;
  readonly entries: Entry[];
  readonly history: TunnelHistory;
  readonly #log: ConstructorParameters<typeof TunnelHistory>[0]['log'];

  constructor() {
    const { log, entries } = rememberingLog();
    this.#log = log;
    this.entries = entries;
    this.history = this.start();
  }

  /** Another agent, with what the last one has left. */
  start(): TunnelHistory {
    return new TunnelHistory({
      file: {
        read: () =>
          this.fault === undefined
            ? Promise.resolve(new Map(this.stored))
            : Promise.reject(this.fault),
        write: (tunnels) => {
          this.writes += 1;
          if (this.fault !== undefined) return Promise.reject(this.fault);
          // As on disk: nothing of it lives on in the agent.
          this.stored = structuredClone(tunnels);
          return Promise.resolve();
        },
      },
      log: this.#log,
      clock: () => this.seconds * 1_000,
    });
  }

  async restart(): Promise<TunnelHistory> {
    const history = this.start();
    await history.restore();
    return history;
  }

  look(look: TunnelReading, seconds: number, error?: Cause, history = this.history): TunnelReport {
    this.seconds = seconds;
    return history.complete(look, error, at(seconds));
  }
}

describe('the state of a tunnel', () => {
  it('counts from the SA where a tunnel is up at first sight, and else from now', () => {
    const world = new World();
    expect(world.look(upReading, 97_200).since).toBe(time(0));
    expect(world.look(reading, 97_205).since).toBe(time(97_205));
  });

  it('keeps the time while the state stays', () => {
    const world = new World();
    world.look(reading, 5);
    expect(world.look(reading, 50).since).toBe(time(5));
  });

  it('is down from the first failure until it is up, however often it is tried in between', () => {
    const world = new World();
    expect(world.look(connecting, 0).state).toBe('connecting');
    world.look(downReading, 20, cause);
    const retry = world.look(connecting, 30, cause);
    expect([retry.state, retry.since, retry.cause]).toEqual(['down', time(20), cause]);
    const back = world.look(upReading, 40);
    expect([back.state, back.since]).toEqual(['up', time(40)]);
  });

  it('goes on with what was known when a daemon that was silent answers again', () => {
    const world = new World();
    world.look(upReading, 97_200);
    const unknown: TunnelReading = { ...downReading, state: 'unknown' };
    expect(world.look(unknown, 97_210).since).toBe(time(97_210));
    expect(world.look(unknown, 97_220, cause)).toMatchObject({
      state: 'unknown',
      since: time(97_210),
      cause,
    });
    expect(world.look(upReading, 97_230).since).toBe(time(0));
    expect(world.look(unknown, 97_240).since).toBe(time(97_240));
  });

  it('counts from the SA where the first sight told nothing', () => {
    const world = new World();
    world.look({ ...downReading, state: 'unknown' }, 97_200);
    expect(world.look(upReading, 97_300).since).toBe(time(100));
  });

  it('forgets tunnels that are not planned any more', () => {
    const world = new World();
    world.look(reading, 5);
    world.history.keepOnly(new Set());
    expect(world.look(reading, 50).since).toBe(time(50));
  });
});

describe('the history of a tunnel', () => {
  it('sums up the time it was up, counts its flaps, and keeps the last error', () => {
    const world = new World();
    world.look(downReading, 0);
    world.look(upReading, 10);
    world.look(upReading, 30);
    world.look(downReading, 40, cause);
    world.look(upReading, 60);
    expect(world.look(upReading, 65).history).toMatchObject({
      firstSeen: time(0),
      upSeconds: 35,
      flaps: 1,
      lastError: cause,
    });
  });

  it.each(['disabled', 'standby'] as const)('takes it for no flap that it is %s', (state) => {
    const world = new World();
    world.look(upReading, 0);
    const off = world.look({ ...downReading, state }, 10, cause);
    expect([off.history.flaps, off.cause]).toEqual([0, undefined]);
  });

  it('is proven up while nobody could look only by an SA that is still there', () => {
    const unknown: TunnelReading = { ...downReading, state: 'unknown' };
    const world = new World();
    world.look(withSas(sa('7', 1)), 100_000);
    world.look(unknown, 100_010);
    expect(world.look(withSas(sa('7', 2)), 100_060).history.upSeconds).toBe(97_260);
    world.look(unknown, 100_070);
    const ike = { ...up.ike, establishedSeconds: 5 } as TunnelReport['ike'] & object;
    const anew = { ...withSas(sa('8', 0)), ike };
    expect(world.look(anew, 100_160).history.upSeconds).toBe(97_265);
    world.look(unknown, 100_170);
    expect(world.look(downReading, 100_200).history).toMatchObject({ upSeconds: 97_265, flaps: 1 });
  });

  it('adds the counters of each SA, also of what an event told last', () => {
    const world = new World();
    world.look(withSas(sa('7', 100)), 0);
    world.history.note(rekeyed('7', 150, '8'));
    // A look that was under way when it was rekeyed, and one after it.
    world.look(withSas(sa('7', 140)), 1);
    expect(world.look(withSas(sa('7', 160), sa('8', 10)), 2).history).toMatchObject({
      rekeys: 1,
      bytesIn: 170,
      packetsOut: 170,
    });
    world.history.note(saEvent('child-updown', { 'child-sas': { 'v4-8': childFields('8', 30) } }));
    expect(world.look(downReading, 3).history).toMatchObject({ bytesOut: 190, flaps: 1 });
  });

  it('takes what the kernel counted last', () => {
    const world = new World();
    world.look(withSas(sa('7', 100)), 0);
    const end = { destination: ends.remoteAddress, spi: 'd7', bytes: 130, packets: 101 };
    world.history.noteEnd(end);
    // Somebody else's with the same SPI.
    world.history.noteEnd({ ...end, destination: '198.51.100.99', bytes: 1_000_000 });
    expect(world.look(downReading, 3).history).toMatchObject({
      bytesIn: 100,
      bytesOut: 130,
      packetsOut: 101,
    });
  });

  it('counts rekeyings of the IKE SA, and nothing of tunnels that are not ours', () => {
    const world = new World();
    const event = saEvent('ike-rekey', { old: { uniqueid: '3' }, new: { uniqueid: '4' } });
    world.history.note(event);
    world.look(upReading, 0);
    world.history.note(event);
    world.history.note(saEvent('ike-updown', {}));
    expect(world.look(upReading, 1).history).toMatchObject({ rekeys: 1, bytesIn: 0 });
  });

  it('asks for one more look at a Child SA that was rekeyed, before charon forgets it', () => {
    const world = new World();
    expect(world.history.nextLookAt).toBeUndefined();
    world.history.note(rekeyed('7', 1, '8'));
    expect(world.history.nextLookAt).toBe(3_000);
    world.seconds = 3;
    expect(world.history.nextLookAt).toBeUndefined();
  });
});

describe('the history on disk', () => {
  it('goes on after a restart of the agent: an SA that is still there was up all the time', async () => {
    const world = new World();
    world.look(withSas(sa('7', 100)), 97_200);
    world.history.note(rekeyed('7', 120, '8'));
    world.look(withSas(sa('8', 10)), 97_210, cause);
    await world.history.save();
    const history = await world.restart();
    expect(world.look(withSas(sa('8', 30)), 97_300, undefined, history)).toMatchObject({
      since: time(0),
      history: { firstSeen: time(0), upSeconds: 97_300, rekeys: 1, bytesIn: 150, lastError: cause },
    });
  });

  it('counts a flap while no agent ran, and tells SAs of another life of the daemon apart', async () => {
    const world = new World();
    world.look(withSas(sa('1', 100)), 97_200);
    await world.history.save();
    const history = await world.restart();
    const other = { ...sa('1', 40), sa: '1/eeee/ffff' };
    expect(
      world.look({ ...downReading, counters: [] }, 97_300, undefined, history).history,
    ).toMatchObject({ flaps: 1, upSeconds: 97_200 });
    expect(world.look(withSas(other), 97_310, undefined, history).history.bytesIn).toBe(140);
  });

  it('is up only as long as its new SA where none of before is there', async () => {
    const world = new World();
    world.look(withSas(sa('1', 100)), 97_200);
    await world.history.save();
    const history = await world.restart();
    const ike = { ...up.ike, establishedSeconds: 20 } as TunnelReport['ike'] & object;
    const anew = world.look({ ...withSas(sa('2', 0)), ike }, 97_300, undefined, history);
    expect([anew.since, anew.history.upSeconds]).toEqual([time(97_280), 97_220]);
  });

  it('is written soon after what cannot be read again, and else seldom', async () => {
    const world = new World();
    const saved = async (seconds: number): Promise<number> => {
      world.seconds = seconds;
      await world.history.saveIfDue();
      return world.writes;
    };
    world.look(upReading, 1);
    expect(await saved(4)).toBe(0);
    expect(await saved(5)).toBe(1);
    world.look(withSas(sa('7', 1)), 20);
    expect(await saved(20)).toBe(1);
    world.history.note(rekeyed('7', 1, '8'));
    expect(await saved(21)).toBe(2);
    expect(await saved(320)).toBe(2);
    expect(await saved(321)).toBe(3);
  });

  it('is written less often the more tunnels there are', async () => {
    const world = new World();
    for (let i = 0; i < 1_000; i++) world.look({ ...upReading, name: `sp.default.c${i}.main` }, 0);
    world.seconds = 59;
    await world.history.saveIfDue();
    expect(world.writes).toBe(0);
    world.seconds = 60;
    await world.history.saveIfDue();
    expect(world.writes).toBe(1);
  });

  it('is not kept on a full disk, which is said once, and is when there is room', async () => {
    const world = new World();
    world.look(upReading, 0);
    world.fault = new Error('ENOSPC');
    await world.history.save();
    await world.history.save();
    expect(world.entries.map(({ msg, error }) => [msg, error])).toEqual([
      ['the history of the tunnels is not kept', 'ENOSPC'],
    ]);
    world.fault = undefined;
    world.seconds = 5;
    await world.history.saveIfDue();
    expect(world.stored.size).toBe(1);
  });

  it('begins anew where it cannot be read', async () => {
    const world = new World();
    world.look(upReading, 0);
    await world.history.save();
    world.fault = new Error('Unexpected end of JSON input');
    const history = await world.restart();
    expect(world.entries[0]?.msg).toBe('the history of the tunnels is lost and begins anew');
    expect(world.look(downReading, 100, undefined, history).history.firstSeen).toBe(time(100));
  });
});
