import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { KeepalivedDriver } from '../drivers/keepalived/driver.ts';
import { planWorld } from '../plan/testing/plan-world.ts';
import { WORLDS } from '../plan/testing/worlds.ts';
import type { Usability } from '../status/health-report.ts';
import { DriftWatch } from './drift-watch.ts';
import { type Entry, rememberingLog } from './testing/quiet-log.ts';
import { type HostFitness, VrrpLevel } from './vrrp-level.ts';

const { plan } = planWorld(WORLDS['an address that one of two hosts holds'] ?? { text: '' });
const { vrrp: _, ...without } = plan;
const { signal } = new AbortController();
const good: Usability = {
  ...{ tunnel: plan.tunnels[0]?.name ?? '', usable: true, degraded: false },
  reason: 'its SAs are up',
};
const observe = vi.fn(() => Promise.resolve({}));
const untilGone = vi.fn(() => gone.promise);
const setUsability = vi.fn(() => Promise.resolve());
let gone: PromiseWithResolvers<boolean>;
let ended: number;
let entries: readonly Entry[];
let level: VrrpLevel;

beforeEach(() => {
  vi.clearAllMocks();
  gone = Promise.withResolvers();
  ended = 0;
  const remembering = rememberingLog();
  const { log } = remembering;
  entries = remembering.entries;
  const driver = {
    name: 'keepalived',
    ...{ observe, setUsability },
    check: () => [],
    diff: () => [],
    report: () => Promise.resolve({ routers: [], problems: [] }),
    untilGone,
  };
  level = new VrrpLevel({
    driver: driver as unknown as KeepalivedDriver,
    drift: new DriftWatch({ log, life: 'first', now: () => new Date(0) }),
    log,
    onEnd: () => {
      ended += 1;
    },
    now: () => 0,
    random: () => 0,
  });
});

const fitness = (tunnels: readonly Usability[], isDrained = false): HostFitness => ({
  ...{ tunnels, isDrained, held: new Set(), daemons: { engines: [], differences: [] } },
});
const told = (): unknown[] => setUsability.mock.calls.map((call: unknown[]) => call.slice(1, 3));

describe('VrrpLevel', () => {
  it('tells keepalived what the tunnels are good for', async () => {
    expect((await level.round(plan, fitness([good]), signal)).vrrp).toEqual([]);
    expect(told()[0]).toEqual(['usable', `${good.tunnel}: its SAs are up`]);
  });

  it('leaves the addresses to anybody else while the host is drained', async () => {
    await level.round(plan, fitness([good], true), signal);
    expect(told()[0]).toEqual(['drained', 'it is drained']);
  });

  it('leaves the addresses to others while its tunnels are in doubt, or not there', async () => {
    await level.round(
      plan,
      fitness([{ ...good, usable: false, reason: 'the tunnel is down' }]),
      signal,
    );
    expect(told()[0]).toEqual(['last-resort', `${good.tunnel}: the tunnel is down`]);
    setUsability.mockClear();
    await level.round(plan, fitness([]), signal);
    expect(told()[0]).toEqual(['last-resort', 'no tunnel of it is on this host']);
  });

  it('has a keepalived that has ended looked for at once', async () => {
    await level.round(plan, fitness([good]), signal);
    gone.resolve(true);
    await vi.waitFor(() => {
      expect(ended).toBe(1);
    });
  });

  it('leaves a keepalived that could not be started to the next round, and looks for it again then', async () => {
    gone.resolve(false);
    await level.round(plan, fitness([good]), signal);
    await Promise.resolve();
    await level.round(plan, fitness([good]), signal);
    expect([ended, untilGone.mock.calls.length]).toEqual([0, 2]);
  });

  it('goes on by timer where it cannot be watched, and says so', async () => {
    await level.round(plan, fitness([good]), signal);
    gone.reject(new Error('torn'));
    await vi.waitFor(() => {
      expect(entries.map(({ msg }) => msg)).toContain(
        'keepalived is not watched; going on by timer',
      );
    });
    level.close();
  });

  it('looks once for what an agent before has left, and then no more', async () => {
    await level.round(without, fitness([]), signal);
    await level.round(without, fitness([]), signal);
    expect(observe).toHaveBeenCalledTimes(1);
  });

  it('says that keepalived cannot be driven', async () => {
    observe.mockRejectedValueOnce(new Error('torn'));
    expect((await level.round(plan, fitness([good]), signal)).problems).toMatchObject([
      { code: 'keepalived/failed', message: 'torn' },
    ]);
  });
});
