import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { ReflectorState } from '../drivers/frr/read-reflected.ts';
import type { HostPlan } from '../plan/host-plan.ts';
import type { ReflectedPath } from '../plan/reflected.ts';
import { planWorld } from '../plan/testing/plan-world.ts';
import { WORLDS } from '../plan/testing/worlds.ts';
import { withdraw } from '../plan/withdraw.ts';
import { Reflections } from './reflections.ts';
import { rememberingLog } from './testing/quiet-log.ts';

const world = WORLDS['a node behind two gateways'];
if (world === undefined) throw new Error('the world is gone');
const { plan } = planWorld(world);
const GATEWAYS = ['10.1.0.11', '10.1.0.12'];

const WAIT = { timeout: 30_000 };

/** bgpd of a node. */
class FakeBgpd {
  readonly told = new Map(GATEWAYS.map((address) => [address, ['10.50.0.0/16']]));
  readonly up = new Set(GATEWAYS);
  updates = 1;
  version = 1;
  reads = 0;
  isDead = false;
  /** More comes with each look. */
  isComing = false;

  reflectors(): Promise<ReflectorState> {
    if (this.isDead) return Promise.reject(new Error('no answer'));
    if (this.isComing) this.updates += 1;
    return Promise.resolve({
      tableVersions: [this.version],
      sessions: GATEWAYS.map((address) => ({
        ...{ address, updates: this.updates, accepted: 1 },
        complete: this.up.has(address) ? [4, 6] : [],
      })),
    });
  }

  paths(): Promise<ReflectedPath[]> {
    this.reads += 1;
    return Promise.resolve(
      [...this.told].flatMap(([speaker, prefixes]) =>
        prefixes.map((prefix) => ({ prefix, speaker, nextHop: speaker })),
      ),
    );
  }
}

describe('Reflections', () => {
  let directory: string;
  let bgpd: FakeBgpd;
  let reflections: Reflections;
  let changes = 0;
  const { log, entries } = rememberingLog();

  const make = (): Reflections =>
    new Reflections({
      frr: bgpd,
      path: join(directory, 'reflected.json'),
      log,
      onChange: () => {
        changes += 1;
      },
    });
  const hops = (of: HostPlan = reflections.applyTo(plan)): string[] =>
    (of.node?.ways ?? []).flatMap((way) =>
      way.prefixes.includes('10.50.0.0/16') ? way.hops.map(({ address }) => address) : [],
    );
  const untilChanged = async (count: number): Promise<void> => {
    await vi.waitFor(() => {
      expect(changes).toBe(count);
    }, WAIT);
  };

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'reflections-'));
    bgpd = new FakeBgpd();
    changes = 0;
    reflections = make();
  });
  afterEach(async () => {
    vi.restoreAllMocks();
    await reflections.close();
    await vi.waitFor(() => rm(directory, { recursive: true, force: true }));
  });

  it('makes ways of what gateways tell, and reads it again only when something was told', async () => {
    reflections.follow(plan);
    await untilChanged(1);
    expect(hops()).toEqual(GATEWAYS);
    expect(reflections.applyTo(plan).revision).not.toBe(plan.revision);
    expect(reflections.applyTo(plan)).toBe(reflections.applyTo(plan));
    reflections.follow(plan);
    bgpd.told.set('10.1.0.12', []);
    bgpd.updates = 2;
    await untilChanged(2);
    expect(hops()).toEqual(['10.1.0.11']);
    expect(bgpd.reads).toBeLessThan(5);
  });

  it('reads again where policy lets in more, of which no session tells', async () => {
    reflections.follow(plan);
    await untilChanged(1);
    await vi.waitFor(() => {
      expect(bgpd.reads).toBe(2);
    }, WAIT);
    bgpd.told.set('10.1.0.12', []);
    bgpd.version = 2;
    await untilChanged(2);
    expect(hops()).toEqual(['10.1.0.11']);
  });

  it('keeps what was told in a file, however often that fails', async () => {
    const file = join(directory, 'reflected.json');
    await mkdir(file);
    reflections.follow(plan);
    await vi.waitFor(() => {
      expect(entries.map(({ msg }) => msg)).toContain('what gateways tell cannot be kept');
    }, WAIT);
    await rm(file, { recursive: true });
    await vi.waitFor(async () => {
      expect(await readFile(file, 'utf8')).toContain('10.50.0.0/16');
    }, WAIT);
  });

  it('leaves the next agent what was told last, however soon it ends', async () => {
    reflections.follow(plan);
    await untilChanged(1);
    bgpd.told.set('10.1.0.12', ['10.50.0.0/16', '10.51.0.0/16']);
    bgpd.updates = 2;
    await untilChanged(2);
    await reflections.close();
    expect(await readFile(join(directory, 'reflected.json'), 'utf8')).toContain('10.51.0.0/16');
  });

  it('waits for the end of a table that comes in, and no longer than it may take', async () => {
    reflections.follow(plan);
    await untilChanged(1);
    const clock = vi.spyOn(performance, 'now');
    const start = performance.now();
    // No time passes.
    clock.mockReturnValue(start);
    bgpd.told.set('10.1.0.12', []);
    bgpd.isComing = true;
    const { updates, reads } = bgpd;
    await vi.waitFor(() => {
      expect(bgpd.updates).toBeGreaterThan(updates + 2);
    }, WAIT);
    expect(bgpd.reads).toBe(reads);
    // More than it may take: of floating numbers, `start + 2_000 - start` may be less than 2,000.
    clock.mockReturnValue(start + 2_001);
    await untilChanged(2);
    expect(hops()).toEqual(['10.1.0.11']);
  });

  it('reads once more, since bgpd chooses paths after it has counted them', async () => {
    bgpd.told.clear();
    reflections.follow(plan);
    await vi.waitFor(() => {
      expect(bgpd.reads).toBe(1);
    }, WAIT);
    for (const address of GATEWAYS) bgpd.told.set(address, ['10.50.0.0/16']);
    await vi.waitFor(() => {
      expect(hops()).toEqual(GATEWAYS);
    }, WAIT);
  });

  it('knows who is quiet, and keeps its place', async () => {
    reflections.follow(plan);
    await untilChanged(1);
    bgpd.up.delete('10.1.0.11');
    bgpd.told.delete('10.1.0.11');
    await untilChanged(2);
    expect([...reflections.quiet]).toEqual(['gw1']);
    expect(hops()).toEqual(GATEWAYS);
  });

  it('forgets nothing when bgpd does not answer, nor when the agent begins anew', async () => {
    reflections.follow(plan);
    await untilChanged(1);
    bgpd.isDead = true;
    const next = make();
    await vi.waitFor(async () => {
      await next.restore();
      next.follow(plan);
      expect(hops(next.applyTo(plan))).toEqual(GATEWAYS);
      await next.close();
    });
    expect(hops()).toEqual(GATEWAYS);
  });

  it.each([
    ['is damaged', '{'],
    ['has something else', '[{}]'],
  ])('begins with nothing where the file %s, and says so', async (_what, text) => {
    await writeFile(join(directory, 'reflected.json'), text);
    bgpd.isDead = true;
    entries.length = 0;
    await reflections.restore();
    expect(entries.map(({ msg }) => msg)).toEqual(['what gateways have told is not known']);
    reflections.follow(plan);
    expect(hops()).toEqual([]);
  });

  it('tells what was learned, which zebra does not know', async () => {
    const zebra = {
      ...{ version: '8.4.4', asn: 65010, routerId: '10.1.0.101', sessions: [] },
      learned: { total: 0, installed: 0, prefixes: [] },
    };
    const there = new Set(['10.50.0.0/16']);
    expect(reflections.report(zebra, plan, there)).toBe(zebra);
    reflections.follow(plan);
    await untilChanged(1);
    const routed = withdraw(reflections.applyTo(plan), {
      ...{
        down: new Set(),
        failed: new Set(),
        doubtful: new Set<string>(),
        quiet: new Set<string>(),
        isLanLost: false,
      },
      silent: new Set(['gw1']),
    });
    expect(reflections.report(zebra, routed, there).learned).toEqual({
      ...{ total: 1, installed: 1 },
      prefixes: [{ prefix: '10.50.0.0/16', installed: true, nextHops: ['10.1.0.12'] }],
    });
    expect(reflections.report(zebra, routed, new Set()).learned).toEqual({
      ...{ total: 1, installed: 0 },
      prefixes: [{ prefix: '10.50.0.0/16', installed: false, nextHops: ['10.1.0.12'] }],
    });
  });

  it('listens to nobody where no gateway is declared any more', async () => {
    reflections.follow(plan);
    await untilChanged(1);
    const gateway = planWorld({ ...world, host: 'gw1' }).plan;
    reflections.follow(gateway);
    expect(reflections.applyTo(gateway)).toBe(gateway);
  });
});
