import { ViciClient } from '@sallyport/vici';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { KernelState } from '../../drivers/kernel/sas/parse-states.ts';
import { reqidOf } from '../../drivers/strongswan/render.ts';
import type { ObservedStrongswan } from '../../drivers/strongswan/state.ts';
import { FakeCharon } from '../../drivers/strongswan/testing/fake-charon.ts';
import { listed } from '../../drivers/strongswan/testing/list-conns.ts';
import { fakeSa } from '../../drivers/strongswan/testing/sas.ts';
import { pskTunnel } from '../../drivers/strongswan/testing/tunnels.ts';
import type { TunnelPlan } from '../../plan/host-plan.ts';
import { rememberingLog } from '../testing/quiet-log.ts';
import { Failures } from './failures.ts';
import { RollGuard } from './roll-guard.ts';
import { SaNews } from './sa-news.ts';
import { type KernelFindings, TunnelKeeper } from './tunnel-keeper.ts';

const { signal } = new AbortController();
const { name } = pskTunnel;

let charon: FakeCharon;
let client: ViciClient;
let failures: Failures;
let keeper: TunnelKeeper;
let keeperOf: (window: number) => TunnelKeeper;
let now: number;
let held: string[];
let news: SaNews;

beforeEach(async () => {
  charon = await FakeCharon.listen();
  client = new ViciClient({ socket: charon.socket });
  failures = new Failures();
  now = 0;
  held = [];
  news = new SaNews();
  const { log } = rememberingLog();
  const rollGuard = new RollGuard({
    log,
    hold: {
      place: ({ remoteAddress, spis }) => {
        held.push(`${remoteAddress} but ${spis.join(' ')}`);
        return Promise.resolve(() => {
          held.push('released');
          return Promise.resolve();
        });
      },
      cleanUp: () => Promise.resolve(),
    },
  });
  keeperOf = (window) =>
    new TunnelKeeper({
      ...{ news, client, failures, log, rollGuard, window },
      ...{ now: () => now, random: () => 0 },
    });
  keeper = keeperOf(10);
});
afterEach(async () => {
  await client.close();
  await charon[Symbol.asyncDispose]();
});

function observedWith(
  sas: Parameters<typeof fakeSa>[0][],
  ikeHashes: ReadonlyMap<string, string> = new Map(),
): ObservedStrongswan {
  return {
    version: '5.9.8',
    ...{ life: 1, daemonSince: 'now' },
    connections: new Map([[name, listed(pskTunnel)]]),
    ...{ shared: new Set(), keys: new Map(), certificates: new Map(), revocationLists: new Map() },
    sas: sas.map(fakeSa),
    origins: { ike: ikeHashes, children: new Map() },
  };
}

const nothing: KernelFindings = { lost: new Set(), left: [] };
const both = [
  { name: 'v4', uniqueId: '7' },
  { name: 'v6', uniqueId: '8' },
];

describe('TunnelKeeper', () => {
  it('initiates once, waits, and calls a silent attempt what it is', async () => {
    expect(await keeper.keep([pskTunnel], observedWith([]), nothing, signal)).toBe(1);
    expect(charon.changes).toEqual([`initiate ${name}`]);
    now = 29_000;
    expect(await keeper.keep([pskTunnel], observedWith([]), nothing, signal)).toBe(0);
    now = 30_001;
    expect(await keeper.keep([pskTunnel], observedWith([]), nothing, signal)).toBe(0);
    expect(failures.causeOf(name)?.code).toBe('ike/no-answer');
    expect(keeper.nextAt).toBeGreaterThan(now);
    now = keeper.nextAt ?? 0;
    expect(await keeper.keep([pskTunnel], observedWith([]), nothing, signal)).toBe(1);
  });

  it('has the tunnel looked at again as long as an attempt is under way', async () => {
    await keeper.keep([pskTunnel], observedWith([]), nothing, signal);
    news.take();
    await keeper.keep([pskTunnel], observedWith([]), nothing, signal);
    expect(news.take()).toEqual(new Set([name]));
    keeper.attemptFailed(name);
    await keeper.keep([pskTunnel], observedWith([]), nothing, signal);
    expect(news.take()).toEqual(new Set());
  });

  it('waits after a refused exchange too, and keeps its cause, while the old SA carries packets', async () => {
    const old = { name, uniqueId: '1', children: both };
    const observed = observedWith([old], new Map([['1', 'older']]));
    await keeper.keep([pskTunnel], observed, nothing, signal);
    keeper.attemptFailed(name);
    expect(await keeper.keep([pskTunnel], observed, nothing, signal)).toBe(0);
    expect(keeper.nextAt).toBeGreaterThan(now);
    expect(held).toEqual(['198.51.100.20 but c0000007 c0000008', 'released']);
  });

  describe('beside what a daemon before has left in the kernel', () => {
    const left = (tunnel: TunnelPlan, from: string, to: string, spi: string): KernelState => ({
      ...{ source: from, destination: to, protocol: 'esp', spi, isInstalled: true },
      ...{ reqid: tunnel.children.map((child) => reqidOf(tunnel, child))[0] ?? 0, interfaceId: 0 },
    });
    const [ours, theirs] = ['192.0.2.10', '198.51.100.20'];
    const other = { ...pskTunnel, name: 'sp.other' };
    const findings = {
      ...nothing,
      left: [
        left(pskTunnel, ours, theirs, 'c0000001'),
        left(pskTunnel, theirs, ours, 'c0000002'),
        left(other, theirs, ours, 'c0000003'),
      ],
    };

    it('holds what the peer sends by new SAs until they are installed', async () => {
      await keeper.keep([pskTunnel], observedWith([]), findings, signal);
      expect(held).toEqual(['198.51.100.20 but c0000002 c0000003']);
      expect(charon.changes).toEqual([`initiate ${name}`]);
    });

    it('holds nothing where nothing of the tunnel is left', async () => {
      const others = { ...nothing, left: findings.left.slice(2) };
      await keeper.keep([pskTunnel], observedWith([]), others, signal);
      expect(held).toEqual([]);
    });

    it('holds nothing where what looks left is an SA that has come since the daemon was asked', async () => {
      const coming = observedWith([{ name, uniqueId: '1', children: [] }]);
      await keeper.keep([pskTunnel], coming, findings, signal);
      expect([charon.changes, held]).toEqual([[`initiate ${name}`], []]);
    });

    it('holds nothing where many come back, however few at once: all would be up later', async () => {
      const many = Array.from({ length: 17 }, (_, index) => ({
        ...pskTunnel,
        name: `sp.${index}`,
      }));
      const connections = new Map(many.map((tunnel) => [tunnel.name, listed(tunnel)]));
      await keeperOf(4).keep(
        many,
        { ...observedWith([]), connections },
        { ...nothing, left: many.map((tunnel) => left(tunnel, theirs, ours, 'c0000004')) },
        signal,
      );
      expect([charon.changes.length, held]).toEqual([4, []]);
    });
  });

  it('initiates nothing that is not loaded as planned', async () => {
    const other = listed({ ...pskTunnel, livenessDelaySeconds: 77 });
    const observed = { ...observedWith([]), connections: new Map([[name, other]]) };
    expect(await keeper.keep([pskTunnel], observed, nothing, signal)).toBe(0);
  });

  it('waits longer after each failure, up to a minute', async () => {
    const waits: number[] = [];
    for (let attempt = 0; attempt < 8; attempt += 1) {
      await keeper.keep([pskTunnel], observedWith([]), nothing, signal);
      keeper.attemptFailed(name);
      waits.push((keeper.nextAt ?? 0) - now);
      now = keeper.nextAt ?? 0;
    }
    expect(waits).toEqual([500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]);
  });

  it('counts a refusal of the daemon as a failed attempt, with its words', async () => {
    charon.refuseToInitiate("CHILD_SA config 'v4' not found");
    await keeper.keep([pskTunnel], observedWith([]), nothing, signal);
    expect(failures.causeOf(name)?.code).toBe('child/failed');
    expect(failures.causeOf(name)?.message).toContain('not found');
  });

  it('tries at once what was configured anew', async () => {
    await keeper.keep([pskTunnel], observedWith([]), nothing, signal);
    keeper.attemptFailed(name);
    expect(await keeper.keep([pskTunnel], observedWith([]), nothing, signal)).toBe(0);
    keeper.forgetAttempt(name);
    expect(await keeper.keep([pskTunnel], observedWith([]), nothing, signal)).toBe(1);
  });

  it('forgets attempts of a tunnel that is up, or not planned any more', async () => {
    await keeper.keep([pskTunnel], observedWith([]), nothing, signal);
    const sa = { name, uniqueId: '1', children: both };
    await keeper.keep([pskTunnel], observedWith([sa]), nothing, signal);
    expect(keeper.nextAt).toBeUndefined();
    await keeper.keep([pskTunnel], observedWith([]), nothing, signal);
    await keeper.keep([], observedWith([]), nothing, signal);
    expect(keeper.nextAt).toBeUndefined();
  });

  it('holds packets of the peer while an SA is exchanged, and lets go when it is done', async () => {
    const old = { name, uniqueId: '1', children: both };
    const hashes = new Map([['1', 'older']]);
    await keeper.keep([pskTunnel], observedWith([old], hashes), nothing, signal);
    expect(held).toEqual(['198.51.100.20 but c0000007 c0000008']);
    expect(charon.changes).toEqual([`initiate ${name}`]);
    // Only the old one stands yet: nothing is released, and nothing begun a second time.
    expect(await keeper.keep([pskTunnel], observedWith([old], hashes), nothing, signal)).toBe(0);
    expect(held).toHaveLength(1);
    const fresh = {
      name,
      uniqueId: '2',
      children: both.map((child) => ({ ...child, uniqueId: `1${child.uniqueId}` })),
    };
    await keeper.keep([pskTunnel], observedWith([old, fresh], hashes), nothing, signal);
    expect(held.at(-1)).toBe('released');
    expect(charon.changes.at(-1)).toBe('terminate 1');
  });
});
