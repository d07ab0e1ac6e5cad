/** Kernel with the leak guard: the level before any tunnel, so that nothing leaves in clear. */
import type { Driver } from '../drivers/driver.ts';
import { concernedTunnel } from '../drivers/kernel/concerned.ts';
import type { KernelChange, KernelDesired, ObservedKernel } from '../drivers/kernel/state.ts';
import type { HostPlan } from '../plan/host-plan.ts';
import type { DriftWatch } from './drift-watch.ts';
import {
  asDrifted,
  boundLevel,
  ChangeLog,
  type LevelResult,
  leftover,
  type Teller,
  textsOf,
  toDifferences,
  toProblem,
} from './level.ts';
import type { Log } from './log.ts';

export interface KernelLevelOptions {
  readonly kernel: Driver<KernelDesired, ObservedKernel, KernelChange>;
  readonly drift: DriftWatch;
  readonly log: Log;
}

export class KernelLevel {
  readonly #options: KernelLevelOptions;
  readonly #changeLog: ChangeLog;
  /** As it was found last. */
  #last: LevelResult = { differences: [], problems: [] };
  /** Revision that the kernel was last compared with. */
  #revision: string | undefined;

  constructor(options: KernelLevelOptions) {
    this.#options = options;
    this.#changeLog = new ChangeLog('kernel', options.log);
  }

  /** `look: false`: as it was found last, where that was under the same plan. */
  async round(plan: HostPlan, look: boolean, signal: AbortSignal): Promise<LevelResult> {
    // Of another plan it says nothing how the kernel was found.
    if (!look && this.#revision === plan.revision)
      return { differences: this.#last.differences, problems: [] };
    this.#revision = plan.revision;
    this.#last = await this.#reach(plan, boundLevel(signal));
    return this.#last;
  }

  async #reach(plan: HostPlan, signal: AbortSignal): Promise<LevelResult> {
    const { kernel, drift } = this.#options;
    const look = { level: 'kernel', plan };
    try {
      const changes = kernel.diff(await kernel.observe(signal), plan);
      const teller = tellerOf(plan);
      const found = toDifferences(changes, teller);
      const decision = drift.decide(look);
      if (changes.length === 0 || decision === 'leave') {
        drift.note(look, found, textsOf(found));
        return { differences: asDrifted(found), problems: [] };
      }
      const report = await kernel.apply(changes, signal);
      this.#changeLog.note(report);
      const left = kernel.diff(await kernel.observe(signal), plan);
      drift.note(look, found, textsOf(toDifferences(left, teller)));
      const differences = leftover(left, report, teller);
      return {
        differences: decision === 'repair' ? asDrifted(differences) : differences,
        problems: [],
      };
    } catch (error) {
      return {
        differences: [{ text: 'kernel: state unknown' }],
        problems: [toProblem('kernel/failed', error)],
      };
    }
  }
}

function tellerOf(plan: HostPlan): Teller<KernelChange> {
  return {
    name: 'kernel',
    tunnelsOf: ({ step }) => {
      const tunnel = concernedTunnel(step, plan);
      return tunnel === undefined ? [] : [tunnel];
    },
  };
}
