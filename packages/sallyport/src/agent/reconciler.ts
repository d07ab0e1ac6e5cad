/**
 * One host, level by level: kernel with the leak guard -> daemons -> credentials and connections ->
 * tunnels -> BGP inside them -> virtual addresses -> read back. Each level reports what it could not do and lets the next one go on; a
 * later round tries again.
 */
import type { HostPlan } from '../plan/host-plan.ts';
import type { ProbePlan } from '../plan/probe-plan.ts';
import { whileHeld } from '../plan/while-held.ts';
import { type Withdrawn, withdraw } from '../plan/withdraw.ts';
import type { ForwardedReport } from '../status/drain-report.ts';
import { judgeTunnels } from '../status/health/judge-health.ts';
import type { ProbeReport, Usability } from '../status/health-report.ts';
import type { Extent } from './extent.ts';
import type { KernelLevel } from './kernel-level.ts';
import type { Reflections } from './reflections.ts';
import type { RoutingLevel, RoutingResult } from './routing-level.ts';
import type { Shards, ShardsResult } from './shard/shards.ts';
import type { VrrpLevel, VrrpResult } from './vrrp-level.ts';

/** `differences`: what still differs after this round; empty: the plan is in effect, proven. */
export type Round = ShardsResult &
  Pick<RoutingResult, 'bgp'> &
  Pick<VrrpResult, 'vrrp' | 'nextAt'> & {
    /** What is to be asked now. */
    readonly probed: readonly ProbePlan[];
    /** What the tunnels are good for, by this round and the probes. */
    readonly usabilities: readonly Usability[];
    /** Packets of others that passed since the drain began; absent: none was counted. */
    readonly forwarded?: readonly ForwardedReport[];
  };

export interface Task {
  readonly extent: Extent;
  /** What the plan cannot count on. */
  readonly withdrawn: Withdrawn;
  /** Names of the tunnels that a drill has taken out. */
  readonly drilled: ReadonlySet<string>;
  /** What they have found out until it is asked. */
  readonly probes: () => readonly ProbeReport[];
}

export interface ReconcilerOptions {
  readonly kernel: Pick<KernelLevel, 'round' | 'forwarded' | 'moveFlows' | 'installed'>;
  readonly reflections: Pick<Reflections, 'follow' | 'applyTo' | 'report'>;
  readonly shards: Pick<Shards, 'round'>;
  readonly routing: Pick<RoutingLevel, 'round'>;
  readonly vrrp: Pick<VrrpLevel, 'held' | 'round'>;
}

export class Reconciler {
  readonly #options: ReconcilerOptions;
  #last: { readonly told: HostPlan; readonly key: string; readonly routed: HostPlan } | undefined;

  constructor(options: ReconcilerOptions) {
    this.#options = options;
  }

  /** What only decides which gateways of a node carry flows, before any round. */
  moveFlows(plan: HostPlan, withdrawn: Withdrawn, signal: AbortSignal): Promise<void> {
    const { kernel } = this.#options;
    return kernel.moveFlows(this.#routed(plan, withdrawn), signal);
  }

  async round(
    plan: HostPlan,
    { extent, withdrawn, drilled, probes }: Task,
    signal: AbortSignal,
  ): Promise<Round> {
    const { reflections } = this.#options;
    reflections.follow(plan);
    const routed = this.#routed(plan, withdrawn);
    const kernel = await this.#options.kernel.round(routed, extent.kernel, signal);
    const held = await this.#options.vrrp.held(plan, signal);
    const here = whileHeld(plan, held);
    const daemons = await this.#options.shards.round(here, extent, signal);
    const routing = await this.#options.routing.round(routed, signal);
    const usabilities = judgeTunnels(daemons.tunnels, probes(), drilled);
    const isDrained = withdrawn.drained !== undefined;
    const fitness = { tunnels: usabilities, held, daemons, isDrained };
    const vrrp = await this.#options.vrrp.round(plan, fitness, signal);
    const forwarded = isDrained ? await this.#options.kernel.forwarded(routed, signal) : undefined;
    const { installed } = this.#options.kernel;
    const levels = [kernel, daemons, routing, vrrp];
    return {
      ...daemons,
      ...{ usabilities, probed: here.probes ?? [] },
      ...(forwarded === undefined ? {} : { forwarded }),
      ...(routing.bgp === undefined
        ? {}
        : { bgp: reflections.report(routing.bgp, routed, installed) }),
      ...(vrrp.vrrp === undefined ? {} : { vrrp: vrrp.vrrp }),
      ...(vrrp.nextAt === undefined ? {} : { nextAt: vrrp.nextAt }),
      differences: levels.flatMap(({ differences }) => differences),
      problems: levels.flatMap(({ problems }) => problems),
    };
  }

  /** What packets go by; the same object while nothing has changed, so that what follows from it is known. */
  #routed(plan: HostPlan, withdrawn: Withdrawn): HostPlan {
    const told = this.#options.reflections.applyTo(plan);
    const key = JSON.stringify(withdrawn, listed);
    if (this.#last?.told !== told || this.#last.key !== key)
      this.#last = { told, key, routed: withdraw(told, withdrawn) };
    return this.#last.routed;
  }
}

/** JSON knows no sets. */
function listed(_key: string, value: unknown): unknown {
  return value instanceof Set ? [...value].sort() : value;
}
