/** Virtual addresses: the last level, since a host is to hold them only while its tunnels carry packets. */
import type { KeepalivedDriver } from '../drivers/keepalived/driver.ts';
import { messageOf } from '../lib/message-of.ts';
import type { HostPlan } from '../plan/host-plan.ts';
import type { VrrpPlan } from '../plan/vrrp-plan.ts';
import type { Usability } from '../status/health-report.ts';
import type { VrrpReport } from '../status/vrrp-report.ts';
import { type Candidacy, isPresumed, NEW_CANDIDACY, nextCandidacy } from './candidacy.ts';
import { Converger } from './converge.ts';
import type { DriftWatch } from './drift-watch.ts';
import { boundLevel, type LevelResult, toProblem } from './level.ts';
import type { Log } from './log.ts';

export interface VrrpResult extends LevelResult {
  /** Absent: no virtual addresses are planned. */
  readonly vrrp?: readonly VrrpReport[];
}

export interface HostFitness {
  /** What they are good for now. */
  readonly tunnels: readonly Usability[];
  /** Names of the virtual routers whose addresses it has. */
  readonly held: ReadonlySet<string>;
  readonly isDrained: boolean;
}

export interface VrrpLevelOptions {
  readonly driver: KeepalivedDriver;
  readonly drift: DriftWatch;
  readonly log: Log;
  /** keepalived has ended: what it held is nobody's. */
  readonly onEnd: () => void;
  readonly now: () => number;
  readonly random: () => number;
}

/** What a host is told to be good for. */
interface Fitness {
  readonly usability: 'usable' | 'last-resort';
  readonly reason: string;
}

export class VrrpLevel {
  readonly #options: VrrpLevelOptions;
  readonly #converger: Converger;
  readonly #closing = new AbortController();
  /** Of an agent before, something may be left. */
  #isClean = false;
  #isWatched = false;
  /** Absent before the first look. */
  #held: ReadonlySet<string> | undefined;
  /** By name of the virtual router. */
  readonly #candidacies = new Map<string, Candidacy>();

  constructor(options: VrrpLevelOptions) {
    this.#options = options;
    this.#converger = new Converger({
      driver: 'keepalived',
      drift: options.drift,
      log: options.log,
    });
  }

  async round(plan: HostPlan, fitness: HostFitness, signal: AbortSignal): Promise<VrrpResult> {
    if (plan.vrrp === undefined && this.#isClean) return { differences: [], problems: [] };
    try {
      return await this.#reach(plan, fitness, boundLevel(signal));
    } catch (error) {
      return {
        differences: [{ text: 'keepalived: state unknown' }],
        problems: [toProblem('keepalived/failed', error)],
      };
    }
  }

  /**
   * Names of the virtual routers that bring tunnels with them, and whose addresses are here. As before where that cannot be read, and
   * all of them where it never could: what may be the holder's tunnel is not to end.
   */
  async held(plan: HostPlan, signal: AbortSignal): Promise<ReadonlySet<string>> {
    const { driver, log } = this.#options;
    const routers = (plan.vrrp ?? []).filter((router) => bringsTunnels(router, plan));
    if (routers.length === 0) return new Set();
    try {
      this.#held = new Set(await driver.held(routers, boundLevel(signal)));
    } catch (error) {
      log.warn({ error: messageOf(error) }, 'virtual addresses could not be read');
    }
    return this.#held ?? new Set(routers.map(({ name }) => name));
  }

  /** Leaves keepalived as it is. */
  close(): void {
    this.#closing.abort();
  }

  async #reach(plan: HostPlan, fitness: HostFitness, signal: AbortSignal): Promise<VrrpResult> {
    const { driver } = this.#options;
    const routers = plan.vrrp ?? [];
    const differences = await this.#converger.reach(driver, routers, plan, signal);
    this.#isClean = routers.length === 0 && differences.length === 0;
    if (routers.length === 0) return { differences, problems: [] };
    this.#watch();
    for (const router of routers) await this.#tell(router, plan, fitness, signal);
    const report = await driver.report(routers, signal);
    return {
      differences,
      problems: [...driver.check(routers), ...report.problems],
      vrrp: report.routers,
    };
  }

  /** A host whose tunnels are in doubt, or that is drained, holds the addresses only while nobody is better. */
  async #tell(
    router: VrrpPlan,
    plan: HostPlan,
    host: HostFitness,
    signal: AbortSignal,
  ): Promise<void> {
    const { driver } = this.#options;
    if (host.isDrained) {
      await driver.setUsability(router, 'drained', 'it is drained', signal);
      return;
    }
    const own = host.tunnels.filter(({ tunnel }) => router.tunnels.includes(tunnel));
    const proven = provenFitness(own);
    const { usability, reason } = bringsTunnels(router, plan)
      ? this.#presume(router, own, proven, host.held.has(router.name))
      : proven;
    await driver.setUsability(router, usability, reason, signal);
  }

  #presume(
    { name }: VrrpPlan,
    own: readonly Usability[],
    proven: Fitness,
    isHolder: boolean,
  ): Fitness {
    const now = this.#options.now();
    const candidacy = nextCandidacy(this.#candidacies.get(name) ?? NEW_CANDIDACY, {
      ...{ isHolder, isUp: own.some(({ usable }) => usable), now },
      ...{ isGood: proven.usability === 'usable', random: this.#options.random() },
    });
    this.#candidacies.set(name, candidacy);
    if (proven.usability === 'usable') return proven;
    if (isPresumed(candidacy, now))
      return {
        usability: 'usable',
        reason: isHolder ? 'its tunnels are coming up' : 'its tunnels come up with the addresses',
      };
    return isHolder
      ? proven
      : { ...proven, reason: 'nothing got through its tunnels when it held the addresses' };
  }

  #watch(): void {
    if (this.#isWatched) return;
    this.#isWatched = true;
    const { driver, onEnd, log } = this.#options;
    driver
      .untilGone(this.#closing.signal)
      .then((wasThere) => {
        this.#isWatched = false;
        // One that could not be started is tried again by and by.
        if (wasThere) onEnd();
      })
      .catch((error: unknown) => {
        this.#isWatched = false;
        if (!this.#closing.signal.aborted)
          log.warn({ error: messageOf(error) }, 'keepalived is not watched; going on by timer');
      });
  }
}

/** Tunnels on its addresses are with whoever holds these. */
function bringsTunnels({ name }: VrrpPlan, { tunnels }: HostPlan): boolean {
  return tunnels.some(({ virtualRouter, enabled }) => enabled && virtualRouter === name);
}

function provenFitness(own: readonly Usability[]): Fitness {
  const good = own.find(({ usable, degraded }) => usable && !degraded);
  const [told = { tunnel: '', reason: 'no tunnel of it is on this host' }] =
    good === undefined ? own : [good];
  const usability = good === undefined ? 'last-resort' : 'usable';
  return { usability, reason: `${told.tunnel}: ${told.reason}` };
}
