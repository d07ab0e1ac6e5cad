/**
 * One host, level by level: kernel with the leak guard -> daemon -> credentials and connections ->
 * tunnels -> read back. Each level reports what it could not do and lets the next one go on; a
 * later round tries again.
 */
import type { HostPlan } from '../plan/host-plan.ts';
import type { EngineLevel, EngineLevelResult } from './engine-level.ts';
import type { KernelLevel } from './kernel-level.ts';

/** `differences`: what still differs after this round; empty: the plan is in effect, proven. */
export type Round = EngineLevelResult;

export interface ReconcilerOptions {
  readonly kernel: Pick<KernelLevel, 'round'>;
  readonly engine: Pick<EngineLevel, 'round'>;
}

export class Reconciler {
  readonly #options: ReconcilerOptions;

  constructor(options: ReconcilerOptions) {
    this.#options = options;
  }

  /** `kernel: false` leaves the kernel as it was found last: for rounds that an SA event asks for. */
  async round(
    plan: HostPlan,
    scope: { readonly kernel: boolean },
    signal: AbortSignal,
  ): Promise<Round> {
    const kernel = await this.#options.kernel.round(plan, scope.kernel, signal);
    const engine = await this.#options.engine.round(plan, signal);
    return {
      ...engine,
      differences: [...kernel.differences, ...engine.differences],
      problems: [...kernel.problems, ...engine.problems],
    };
  }
}
