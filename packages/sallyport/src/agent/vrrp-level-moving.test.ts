import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { KeepalivedDriver } from '../drivers/keepalived/driver.ts';
import { planWorld } from '../plan/testing/plan-world.ts';
import { WORLDS } from '../plan/testing/worlds.ts';
import { judgeTunnels } from '../status/health/judge-health.ts';
import { Pace } from '../status/health/testing.ts';
import type { ProbeReport } from '../status/health-report.ts';
import type { Difference, EngineState, TunnelState } from '../status/host-report.ts';
import { NOW, up } from '../status/testing/reports.ts';
import { DriftWatch } from './drift-watch.ts';
import { type Entry, rememberingLog } from './testing/quiet-log.ts';
import { VrrpLevel } from './vrrp-level.ts';

const WORLD = WORLDS['a tunnel that is with whoever holds its address'] ?? { text: '' };
const { plan } = planWorld(WORLD);
/** The one that goes with its address, and one that is always of this host. */
const MOVING = 'sp.default.branch.main';
const OWN = 'sp.default.dc.one';
const ADDRESS = '10.1.0.254';
const { signal } = new AbortController();

const held = vi.fn(() => Promise.resolve<string[]>([]));
const setUsability = vi.fn(() => Promise.resolve());
let entries: readonly Entry[];
let level: VrrpLevel;
let world: World;

/** What is read of the host, on the clock of the probe through the moving tunnel. */
class World {
  readonly probe = new Pace({ intervalMilliseconds: 100, failAfter: 3, recoverAfter: 5 });
  isHolder = true;
  state: TunnelState = 'up';
  engine: EngineState = 'running';
  differences: Difference[] = [];
  /** Nothing is asked. */
  isUnprobed = false;

  /** What keepalived is told of IPv4, then of IPv6, and in how many seconds to look again. */
  async look(): Promise<{ told: unknown[]; seconds: number | undefined }> {
    const { now, judge } = this.probe;
    const asked: ProbeReport = {
      ...{ tunnel: MOVING, kind: 'target', target: '10.60.0.10', method: 'icmp' },
      ...{ since: NOW, ...judge.judgement(now) },
    };
    const state = this.isHolder ? this.state : 'standby';
    const tunnels = [
      { ...up, name: MOVING, connection: 'branch', state },
      { ...up, name: OWN, connection: 'dc' },
    ];
    setUsability.mockClear();
    const { nextAt } = await level.round(
      plan,
      {
        tunnels: judgeTunnels(tunnels, this.isUnprobed || !this.isHolder ? [] : [asked], new Set()),
        held: new Set(this.isHolder ? [ADDRESS] : []),
        daemons: { engines: [{ state: this.engine }], differences: this.differences },
        isDrained: false,
      },
      signal,
    );
    return {
      told: setUsability.mock.calls.map((call: unknown[]) => call.slice(1, 3)),
      seconds: nextAt === undefined ? undefined : (nextAt - now) / 1_000,
    };
  }

  /** As keepalived is told of IPv4. */
  async isToldToBe(): Promise<unknown> {
    const [first] = (await this.look()).told;
    return Array.isArray(first) ? first[0] : undefined;
  }
}

const always = (): boolean => true;
const never = (): boolean => false;
const SECOND = 10;

beforeEach(() => {
  vi.clearAllMocks();
  world = new World();
  const remembering = rememberingLog();
  entries = remembering.entries;
  const driver = {
    name: 'keepalived',
    ...{ held, setUsability },
    observe: () => Promise.resolve({}),
    check: () => [],
    diff: () => [],
    report: () => Promise.resolve({ routers: [], problems: [] }),
    untilGone: () => Promise.withResolvers<boolean>().promise,
  };
  level = new VrrpLevel({
    driver: driver as unknown as KeepalivedDriver,
    drift: new DriftWatch({ log: remembering.log, life: 'first', now: () => new Date(0) }),
    log: remembering.log,
    onEnd: () => undefined,
    now: () => world.probe.now,
    random: () => 0,
  });
});

describe('addresses that bring a tunnel', () => {
  it('are stood for by who does not hold them, while those of the other family follow the tunnel', async () => {
    world.isHolder = false;
    expect(await world.look()).toEqual({
      told: [
        ['presumed', 'its tunnels come up with the addresses'],
        ['last-resort', `${MOVING}: another host holds its address`],
      ],
      seconds: undefined,
    });
  });

  it('are held while the tunnel comes up, for ten seconds, and by right once something answers', async () => {
    world.state = 'connecting';
    const { told, seconds } = await world.look();
    expect(told[0]).toEqual(['presumed', 'its tunnels are coming up']);
    expect(seconds).toBe(10);
    world.state = 'up';
    world.probe.go(5, always);
    expect(await world.look()).toEqual({
      told: [
        ['usable', `${MOVING}: 10.60.0.10 answers`],
        ['usable', `${MOVING}: 10.60.0.10 answers`],
      ],
      seconds: undefined,
    });
  });

  it('are given up where it does not come up, also with a good tunnel of another address, and stood for again after a minute', async () => {
    world.state = 'down';
    await world.look();
    world.probe.go(10 * SECOND, never);
    expect(await world.look()).toEqual({
      told: [
        ['last-resort', `${MOVING}: the tunnel is down`],
        ['last-resort', `${MOVING}: the tunnel is down`],
      ],
      seconds: 60,
    });
    world.isHolder = false;
    expect((await world.look()).told[0]).toEqual([
      ...['last-resort', 'nothing got through its tunnels when it held the addresses'],
    ]);
    world.probe.go(60 * SECOND, never);
    expect(await world.isToldToBe()).toBe('presumed');
  });

  it('are given up where nothing has ever answered, after ten seconds and not sooner', async () => {
    expect(await world.isToldToBe()).toBe('presumed');
    world.probe.go(3 * SECOND, never);
    expect([world.probe.judge.state, await world.isToldToBe()]).toEqual(['failed', 'presumed']);
    world.probe.go(7 * SECOND, never);
    expect(await world.isToldToBe()).toBe('last-resort');
  });

  it('are given up at once where nothing answers any more', async () => {
    world.probe.go(5, always);
    await world.look();
    world.probe.go(SECOND, never);
    expect(await world.isToldToBe()).toBe('last-resort');
  });

  it('are kept with a tunnel that only loses packets', async () => {
    world.probe.go(30 * SECOND, (index) => index % 3 !== 0);
    expect(world.probe.judge.isLossy).toBe(true);
    const reason = `${MOVING}: 10.60.0.10 loses packets`;
    expect((await world.look()).told).toEqual([
      ['usable', reason],
      ['usable', reason],
    ]);
  });

  it('are kept for ten seconds by who has recovered, and whose SAs end', async () => {
    await world.look();
    world.probe.go(10 * SECOND, never);
    expect(await world.isToldToBe()).toBe('last-resort');
    world.probe.go(5, always);
    expect(await world.isToldToBe()).toBe('usable');
    world.state = 'down';
    expect(await world.isToldToBe()).toBe('presumed');
    world.probe.go(10 * SECOND, never);
    expect(await world.isToldToBe()).toBe('last-resort');
  });

  it('are held by right as soon as the SAs are up where nothing is asked', async () => {
    world.isUnprobed = true;
    expect((await world.look()).told[0]).toEqual(['usable', `${MOVING}: its SAs are up`]);
  });

  it('are not stood for where the tunnel could not come up, which a holder is given its time for', async () => {
    world.isHolder = false;
    world.differences = [{ text: 'IKE daemon: no key', tunnel: MOVING }];
    expect((await world.look()).told[0]).toEqual([
      ...['last-resort', 'its tunnels could not come up: IKE daemon: no key'],
    ]);
    world.differences = [{ text: 'IKE daemon: no key', tunnel: OWN }];
    expect(await world.isToldToBe()).toBe('presumed');
    world.engine = 'stopped';
    expect((await world.look()).told[0]).toEqual([
      ...[
        'last-resort',
        'its tunnels could not come up: the IKE daemon does not run, or does not answer',
      ],
    ]);
    world.isHolder = true;
    world.state = 'down';
    expect(await world.isToldToBe()).toBe('presumed');
  });
});

describe('virtual addresses that tunnels go with', () => {
  it('are read, and go by what was read last where they cannot be', async () => {
    held.mockResolvedValueOnce([ADDRESS]);
    expect(await level.held(plan, signal)).toEqual(new Set([ADDRESS]));
    held.mockRejectedValueOnce(new Error('torn'));
    expect(await level.held(plan, signal)).toEqual(new Set([ADDRESS]));
    expect(entries.map(({ msg }) => msg)).toEqual(['virtual addresses could not be read']);
    expect(held.mock.calls[0]?.slice(0, 1)).toMatchObject([[{ name: 'sp-default-edge-v4' }]]);
    const others = planWorld(WORLDS['an address that one of two hosts holds'] ?? { text: '' });
    expect(await level.held(others.plan, signal)).toEqual(new Set());
    expect(held).toHaveBeenCalledTimes(2);
  });

  it('are taken for held where they could never be read: no tunnel is to end for that', async () => {
    held.mockRejectedValueOnce(new Error('torn'));
    expect(await level.held(plan, signal)).toEqual(new Set([ADDRESS]));
  });
});
