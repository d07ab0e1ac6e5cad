/** Virtual addresses: the last level, since a host is to hold them only while its tunnels carry packets. */
import type { KeepalivedDriver } from '../drivers/keepalived/driver.ts';
import { earliest } from '../lib/earliest.ts';
import { messageOf } from '../lib/message-of.ts';
import type { HostPlan } from '../plan/host-plan.ts';
import type { VrrpPlan } from '../plan/vrrp-plan.ts';
import type { Usability } from '../status/health-report.ts';
import type { VrrpReport } from '../status/vrrp-report.ts';
import {
  type Candidacy,
  NEW_CANDIDACY,
  nextCandidacy,
  nextLookAt,
  standingOf,
} from './candidacy.ts';
import { Converger } from './converge.ts';
import type { DriftWatch } from './drift-watch.ts';
import { boundLevel, type LevelResult, toProblem } from './level.ts';
import type { Log } from './log.ts';
import {
  broughtBy,
  type DaemonState,
  fitnessBy,
  fitnessOf,
  judgedBy,
  obstacleTo,
  passageOf,
} from './vrrp-fitness.ts';

export interface VrrpResult extends LevelResult {
  /** Absent: no virtual addresses are planned. */
  readonly vrrp?: readonly VrrpReport[];
  /** By the steady clock, when it is to look again; absent: time alone changes nothing. */
  readonly nextAt?: number;
}

export interface HostFitness {
  /** What they are good for now. */
  readonly tunnels: readonly Usability[];
  /** The virtual addresses that it has. */
  readonly held: ReadonlySet<string>;
  readonly daemons: DaemonState;
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
   * Of the addresses that tunnels go with, those that are here. As before where that cannot be read, and all of them where it never
   * could: what may be the holder's tunnel is not to end.
   */
  async held(plan: HostPlan, signal: AbortSignal): Promise<ReadonlySet<string>> {
    const { driver, log } = this.#options;
    const routers = (plan.vrrp ?? []).filter((router) => broughtBy(router, plan).length > 0);
    if (routers.length === 0) return new Set();
    try {
      this.#held = new Set(await driver.held(routers, boundLevel(signal)));
    } catch (error) {
      log.warn({ error: messageOf(error) }, 'virtual addresses could not be read');
    }
    if (this.#held !== undefined) return this.#held;
    const brought = routers.flatMap((router) => broughtBy(router, plan));
    return new Set(brought.flatMap(({ localAddress }) => localAddress ?? []));
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
    const times: (number | undefined)[] = [];
    for (const router of routers) times.push(await this.#tell(router, plan, fitness, signal));
    const nextAt = earliest(...times);
    const report = await driver.report(routers, signal);
    return {
      differences,
      problems: [...driver.check(routers), ...report.problems],
      vrrp: report.routers,
      ...(nextAt === undefined ? {} : { nextAt }),
    };
  }

  /**
   * A host whose tunnels are in doubt, or that is drained, holds the addresses only while nobody is better. Resolves with the
   * time that alone changes that, by the steady clock; undefined: none does.
   */
  async #tell(
    router: VrrpPlan,
    plan: HostPlan,
    host: HostFitness,
    signal: AbortSignal,
  ): Promise<number | undefined> {
    const { driver } = this.#options;
    if (host.isDrained) {
      await driver.setUsability(router, 'drained', 'it is drained', signal);
      return undefined;
    }
    const judged = judgedBy(router, plan);
    const own = host.tunnels.filter(({ tunnel }) => judged.some(({ name }) => name === tunnel));
    const brought = broughtBy(router, plan);
    if (brought.length === 0) {
      const { usability, reason } = fitnessBy(judged, own);
      await driver.setUsability(router, usability, reason, signal);
      return undefined;
    }
    const now = this.#options.now();
    const isHolder = brought.some(({ localAddress = '' }) => host.held.has(localAddress));
    const candidacy = nextCandidacy(this.#candidacies.get(router.name) ?? NEW_CANDIDACY, {
      ...{ isHolder, passage: passageOf(own), now, random: this.#options.random() },
    });
    this.#candidacies.set(router.name, candidacy);
    const standing = standingOf(candidacy, now);
    // Who holds them has its time to bring them up: a daemon that has died is started again.
    const obstacle = isHolder ? undefined : obstacleTo(brought, host.daemons);
    const { usability, reason } = fitnessOf({ standing, isHolder, obstacle }, own);
    await driver.setUsability(router, usability, reason, signal);
    return nextLookAt(candidacy, now);
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
