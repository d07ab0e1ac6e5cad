/**
 * One host, level by level: kernel with the leak guard -> daemons -> credentials and connections ->
 * tunnels -> read back. Each level reports what it could not do and lets the next one go on; a
 * later round tries again.
 */
import type { HostPlan } from '../plan/host-plan.ts';
import type { Extent } from './extent.ts';
import type { KernelLevel } from './kernel-level.ts';
import type { Shards, ShardsResult } from './shard/shards.ts';

/** `differences`: what still differs after this round; empty: the plan is in effect, proven. */
export type Round = ShardsResult;

export interface ReconcilerOptions {
  readonly kernel: Pick<KernelLevel, 'round'>;
  readonly shards: Pick<Shards, 'round'>;
}

export class Reconciler {
  readonly #options: ReconcilerOptions;

  constructor(options: ReconcilerOptions) {
    this.#options = options;
  }

  async round(plan: HostPlan, extent: Extent, signal: AbortSignal): Promise<Round> {
    const kernel = await this.#options.kernel.round(plan, extent.kernel, signal);
    const daemons = await this.#options.shards.round(plan, extent, signal);
    return {
      ...daemons,
      differences: [...kernel.differences, ...daemons.differences],
      problems: [...kernel.problems, ...daemons.problems],
    };
  }
}
