/** Kernel with the leak guard: the level before any tunnel, so that nothing leaves in clear. */
import { type Driver, formatChange } from '../drivers/driver.ts';
import type { KernelChange, KernelDesired, ObservedKernel } from '../drivers/kernel/state.ts';
import type { HostPlan } from '../plan/host-plan.ts';
import {
  boundLevel,
  ChangeLog,
  failureLines,
  type LevelResult,
  toProblem,
  unexplained,
} from './level.ts';
import type { Log } from './log.ts';

export type KernelOfHost = Driver<KernelDesired, ObservedKernel, KernelChange>;

export class KernelLevel {
  readonly #kernel: KernelOfHost;
  readonly #changeLog: ChangeLog;
  /** As it was found last. */
  #last: LevelResult = { differences: [], problems: [] };
  /** Revision that the kernel was last compared with. */
  #revision: string | undefined;

  constructor(kernel: KernelOfHost, log: Log) {
    this.#kernel = kernel;
    this.#changeLog = new ChangeLog('kernel', log);
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
    const kernel = this.#kernel;
    try {
      const changes = kernel.diff(await kernel.observe(signal), plan);
      if (changes.length === 0) return { differences: [], problems: [] };
      const report = await kernel.apply(changes, signal);
      this.#changeLog.note(report);
      const left = kernel.diff(await kernel.observe(signal), plan);
      const lines = [
        ...unexplained(left, report).map((change) => `kernel: ${formatChange(change)}`),
        ...failureLines(report),
      ];
      return { differences: lines.map((text) => ({ text })), problems: [] };
    } catch (error) {
      return {
        differences: [{ text: 'kernel: state unknown' }],
        problems: [toProblem('kernel/failed', error)],
      };
    }
  }
}
