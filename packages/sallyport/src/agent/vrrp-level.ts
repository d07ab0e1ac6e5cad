/** Virtual addresses: the last level, since a host is to hold them only while its tunnels carry packets. */
import type { KeepalivedDriver } from '../drivers/keepalived/driver.ts';
import { messageOf } from '../lib/message-of.ts';
import type { HostPlan } from '../plan/host-plan.ts';
import type { VrrpPlan } from '../plan/vrrp-plan.ts';
import type { Usability } from '../status/health-report.ts';
import type { VrrpReport } from '../status/vrrp-report.ts';
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
  readonly isDrained: boolean;
}

export interface VrrpLevelOptions {
  readonly driver: KeepalivedDriver;
  readonly drift: DriftWatch;
  readonly log: Log;
  /** keepalived has ended: what it held is nobody's. */
  readonly onEnd: () => void;
}

export class VrrpLevel {
  readonly #options: VrrpLevelOptions;
  readonly #converger: Converger;
  readonly #closing = new AbortController();
  /** Of an agent before, something may be left. */
  #isClean = false;
  #isWatched = false;

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
    for (const router of routers) await this.#tell(router, fitness, signal);
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
    { tunnels, isDrained }: HostFitness,
    signal: AbortSignal,
  ): Promise<void> {
    const { driver } = this.#options;
    if (isDrained) {
      await driver.setUsability(router, 'drained', 'it is drained', signal);
      return;
    }
    const own = tunnels.filter(({ tunnel }) => router.tunnels.includes(tunnel));
    const good = own.find(({ usable, degraded }) => usable && !degraded);
    const [told = { tunnel: '', reason: 'no tunnel of it is on this host' }] =
      good === undefined ? own : [good];
    const usability = good === undefined ? 'last-resort' : 'usable';
    await driver.setUsability(router, usability, `${told.tunnel}: ${told.reason}`, signal);
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
