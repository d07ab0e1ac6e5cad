/** BGP: the level above the tunnels, since its sessions run inside them. */
import { FrrError } from '../drivers/frr/engine-error.ts';
import type { Frr } from '../drivers/frr/frr.ts';
import type { FrrDesired } from '../drivers/frr/state.ts';
import type { HostPlan } from '../plan/host-plan.ts';
import type { BgpReport } from '../status/bgp-report.ts';
import { Converger } from './converge.ts';
import type { DriftWatch } from './drift-watch.ts';
import { boundLevel, type LevelResult, toProblem } from './level.ts';
import type { Log } from './log.ts';

export interface RoutingResult extends LevelResult {
  /** Absent: no BGP is planned, or nobody could be asked. */
  readonly bgp?: BgpReport;
}

export interface RoutingLevelOptions {
  readonly frr: Pick<Frr, 'ensure' | 'isRunning' | 'report' | 'driver'>;
  readonly drift: DriftWatch;
  readonly log: Log;
}

const LEVEL = 'frr';

export class RoutingLevel {
  readonly #options: RoutingLevelOptions;
  readonly #converger: Converger;
  /** Of an agent before, daemons may be left. */
  #isClean = false;

  constructor(options: RoutingLevelOptions) {
    this.#options = options;
    this.#converger = new Converger({ driver: 'frr', drift: options.drift, log: options.log });
  }

  /** Looks every time: its daemons tell of nothing by themselves, and answer within a millisecond. */
  async round(plan: HostPlan, signal: AbortSignal): Promise<RoutingResult> {
    const bound = boundLevel(signal);
    try {
      return plan.bgp === undefined ? await this.#end(bound) : await this.#reach(plan, bound);
    } catch (error) {
      return {
        differences: [{ text: 'frr: state unknown' }],
        problems: [toProblem(error instanceof FrrError ? error.code : 'frr/failed', error)],
      };
    }
  }

  /** Nobody speaks BGP here any more. */
  async #end(signal: AbortSignal): Promise<RoutingResult> {
    const { frr, drift } = this.#options;
    if (!this.#isClean && (await frr.isRunning(signal))) {
      await frr.driver.cleanUp(signal);
      drift.forget(LEVEL);
    }
    this.#isClean = true;
    return { differences: [], problems: [] };
  }

  async #reach(plan: HostPlan, signal: AbortSignal): Promise<RoutingResult> {
    const { frr, drift } = this.#options;
    const { driver } = frr;
    this.#isClean = false;
    // A new daemon knows nothing: to tell it is recovery, and nobody has changed anything.
    if ((await frr.ensure(signal)) === 'started') drift.forget(LEVEL);
    const desired: FrrDesired = plan.bgp === undefined ? {} : { bgp: plan.bgp };
    const differences = await this.#converger.reach(driver, desired, plan, signal);
    const report = await frr.report(signal);
    return {
      differences,
      problems: driver.check(desired),
      ...(report === undefined ? {} : { bgp: withTunnels(report, plan) }),
    };
  }
}

/** The daemons know neighbours only. */
function withTunnels(report: BgpReport, { bgp }: HostPlan): BgpReport {
  const tunnels = new Map(bgp?.neighbors.map(({ address, tunnel }) => [address, tunnel]));
  const sessions = report.sessions.map((session) => {
    const tunnel = tunnels.get(session.address);
    return tunnel === undefined ? session : { ...session, tunnel };
  });
  return { ...report, sessions };
}
