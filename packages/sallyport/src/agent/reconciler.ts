/**
 * One host, level by level: kernel with the leak guard -> daemons -> credentials and connections ->
 * tunnels -> BGP inside them -> virtual addresses -> read back. Each level reports what it could not do and lets the next one go on; a
 * later round tries again.
 */
import type { HostPlan } from '../plan/host-plan.ts';
import { type Withdrawn, withoutTunnels } from '../plan/withdraw.ts';
import { judgeTunnels } from '../status/health/judge-health.ts';
import type { ProbeReport } from '../status/health-report.ts';
import type { Extent } from './extent.ts';
import type { KernelLevel } from './kernel-level.ts';
import type { RoutingLevel, RoutingResult } from './routing-level.ts';
import type { Shards, ShardsResult } from './shard/shards.ts';
import type { VrrpLevel, VrrpResult } from './vrrp-level.ts';

/** `differences`: what still differs after this round; empty: the plan is in effect, proven. */
export type Round = ShardsResult & Pick<RoutingResult, 'bgp'> & Pick<VrrpResult, 'vrrp'>;

export interface Task {
  readonly extent: Extent;
  /** Tunnels that are to carry nothing. */
  readonly withdrawn: Withdrawn;
  /** What they have found out until it is asked. */
  readonly probes: () => readonly ProbeReport[];
}

export interface ReconcilerOptions {
  readonly kernel: Pick<KernelLevel, 'round'>;
  readonly shards: Pick<Shards, 'round'>;
  readonly routing: Pick<RoutingLevel, 'round'>;
  readonly vrrp: Pick<VrrpLevel, 'round'>;
}

export class Reconciler {
  readonly #options: ReconcilerOptions;

  constructor(options: ReconcilerOptions) {
    this.#options = options;
  }

  async round(
    plan: HostPlan,
    { extent, withdrawn, probes }: Task,
    signal: AbortSignal,
  ): Promise<Round> {
    const routed = withoutTunnels(plan, withdrawn);
    const kernel = await this.#options.kernel.round(routed, extent.kernel, signal);
    const daemons = await this.#options.shards.round(plan, extent, signal);
    const routing = await this.#options.routing.round(routed, signal);
    const tunnels = judgeTunnels(daemons.tunnels, probes());
    const vrrp = await this.#options.vrrp.round(plan, tunnels, signal);
    const levels = [kernel, daemons, routing, vrrp];
    return {
      ...daemons,
      ...(routing.bgp === undefined ? {} : { bgp: routing.bgp }),
      ...(vrrp.vrrp === undefined ? {} : { vrrp: vrrp.vrrp }),
      differences: levels.flatMap(({ differences }) => differences),
      problems: levels.flatMap(({ problems }) => problems),
    };
  }
}
