/** Kernel with the leak guard: the level before any tunnel, so that nothing leaves in clear. */
import type { Driver } from '../drivers/driver.ts';
import { concernedTunnel } from '../drivers/kernel/concerned.ts';
import type { KernelChange, KernelDesired, ObservedKernel } from '../drivers/kernel/state.ts';
import type { HostPlan } from '../plan/host-plan.ts';
import { Converger, type Teller } from './converge.ts';
import type { DriftWatch } from './drift-watch.ts';
import { boundLevel, type LevelResult, toProblem } from './level.ts';
import type { Log } from './log.ts';

export interface KernelLevelOptions {
  readonly kernel: Driver<KernelDesired, ObservedKernel, KernelChange>;
  readonly drift: DriftWatch;
  readonly log: Log;
}

export class KernelLevel {
  readonly #options: KernelLevelOptions;
  readonly #converger: Converger;
  /** As it was found last. */
  #last: LevelResult = { differences: [], problems: [] };
  /** Revision that the kernel was last compared with. */
  #revision: string | undefined;

  constructor(options: KernelLevelOptions) {
    this.#options = options;
    this.#converger = new Converger({ driver: 'kernel', ...options });
  }

  /** `look: false`: as it was found last, where that was under the same plan. */
  async round(plan: HostPlan, look: boolean, signal: AbortSignal): Promise<LevelResult> {
    // Of another plan it says nothing how the kernel was found.
    if (!look && this.#revision === plan.revision) return this.#last;
    this.#revision = plan.revision;
    this.#last = await this.#reach(plan, boundLevel(signal));
    return this.#last;
  }

  async #reach(plan: HostPlan, signal: AbortSignal): Promise<LevelResult> {
    const { kernel } = this.#options;
    const remaining = async (): Promise<KernelChange[]> =>
      kernel.diff(await kernel.observe(signal), plan);
    try {
      const differences = await this.#converger.converge({
        look: { level: 'kernel', plan },
        changes: await remaining(),
        teller: tellerOf(plan),
        apply: (changes) => kernel.apply(changes, signal),
        remaining,
      });
      return { differences, problems: [] };
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
