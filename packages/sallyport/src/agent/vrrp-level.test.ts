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
const held = vi.fn(() => Promise.resolve<string[]>([]));
const setUsability = vi.fn(() => Promise.resolve());
let gone: PromiseWithResolvers<boolean>;
let ended: number;
let entries: readonly Entry[];
let level: VrrpLevel;
let heldRouters: readonly string[];
let now: number;

beforeEach(() => {
  vi.clearAllMocks();
  gone = Promise.withResolvers();
  ended = 0;
  now = 0;
  heldRouters = [];
  const remembering = rememberingLog();
  const { log } = remembering;
  entries = remembering.entries;
  const driver = {
    name: 'keepalived',
    ...{ observe, held, setUsability },
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
    now: () => now,
    random: () => 0,
  });
});

const fitness = (tunnels: readonly Usability[], isDrained = false): HostFitness => ({
  ...{ tunnels, isDrained, held: new Set(heldRouters) },
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
    expect(told()[0]).toEqual(['last-resort', ': no tunnel of it is on this host']);
  });

  describe('with a tunnel that is with whoever holds its address', () => {
    const { plan: moving } = planWorld(
      WORLDS['a tunnel that is with whoever holds its address'] ?? { text: '' },
    );
    const [one] = moving.tunnels.filter(({ virtualRouter }) => virtualRouter !== undefined);
    const own = { ...good, tunnel: one?.name ?? '' };
    const down = { ...own, usable: false, reason: 'the tunnel is down' };
    const router = moving.vrrp?.[0]?.name ?? '';
    /** What keepalived is told of each family after so many seconds. */
    const look = async (state: Usability, isHolder: boolean, seconds = 1): Promise<unknown[]> => {
      now += seconds * 1_000;
      heldRouters = isHolder ? [router] : [];
      setUsability.mockClear();
      await level.round(moving, fitness([state]), signal);
      return told();
    };
    const waits = ['usable', 'its tunnels come up with the addresses'];

    it('presumes that it comes up with its addresses, and with no others', async () => {
      expect(await look(down, false)).toEqual([
        waits,
        ['last-resort', `${own.tunnel}: the tunnel is down`],
      ]);
      expect((await look(down, true))[0]).toEqual(['usable', 'its tunnels are coming up']);
      expect((await look(own, true))[0]).toEqual(['usable', `${own.tunnel}: its SAs are up`]);
    });

    it('gives the addresses up where it does not, and stands for them again after some time', async () => {
      await look(down, true);
      expect((await look(down, true, 10))[0]).toEqual([
        ...['last-resort', `${own.tunnel}: the tunnel is down`],
      ]);
      expect((await look(down, false))[0]).toEqual([
        ...['last-resort', 'nothing got through its tunnels when it held the addresses'],
      ]);
      expect((await look(down, false, 60))[0]).toEqual(waits);
    });

    it('reads which addresses are here, and goes by what it read last where it cannot', async () => {
      expect(await level.held(moving, signal)).toEqual(new Set());
      held.mockRejectedValueOnce(new Error('torn'));
      expect(await level.held(moving, signal)).toEqual(new Set());
      expect(entries.map(({ msg }) => msg)).toEqual(['virtual addresses could not be read']);
      expect(held.mock.calls[0]?.slice(0, 1)).toMatchObject([[{ name: router }]]);
      expect(await level.held(plan, signal)).toEqual(new Set());
      expect(held).toHaveBeenCalledTimes(2);
    });
  });

  it('takes addresses that could never be read for held: no tunnel is to end for that', async () => {
    const { plan: moving } = planWorld(
      WORLDS['a tunnel that is with whoever holds its address'] ?? { text: '' },
    );
    held.mockRejectedValueOnce(new Error('torn'));
    expect(await level.held(moving, signal)).toEqual(new Set(['sp-default-edge-v4']));
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
