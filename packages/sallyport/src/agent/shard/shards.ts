/** The IKE daemons of the host: its own, those that the plan names, and those that it named once. */
import { messageOf } from '../../lib/message-of.ts';
import type { HostPlan } from '../../plan/host-plan.ts';
import type {
  Difference,
  EngineReport,
  HostProblem,
  TunnelReport,
} from '../../status/host-report.ts';
import type { TrailStep } from '../../status/why/explanation.ts';
import type { Extent } from '../extent.ts';
import { boundLevel } from '../level.ts';
import type { Log } from '../log.ts';
import type { OnChange, Shard } from './shard.ts';

export interface ShardsOptions {
  /** Without a name: the host's own daemon. */
  readonly make: (name?: string) => Shard;
  /** Names of those that an earlier agent has left. */
  readonly found: readonly string[];
  readonly log: Log;
}

export interface ShardsResult {
  readonly tunnels: readonly TunnelReport[];
  readonly engines: readonly EngineReport[];
  readonly differences: readonly Difference[];
  readonly problems: readonly HostProblem[];
  /** Something was initiated or ended: look again soon. */
  readonly isMoving: boolean;
}

export class Shards {
  readonly #options: ShardsOptions;
  readonly #shards = new Map<string | undefined, Shard>();
  readonly #watchers: ((shard: Shard) => void)[] = [];

  constructor(options: ShardsOptions) {
    this.#options = options;
    this.#add(undefined);
    for (const name of options.found) this.#add(name);
  }

  /** Earliest time at which a tunnel may be tried again; undefined where none waits. */
  get nextAt(): number | undefined {
    const times = [...this.#shards.values()].flatMap((shard) => shard.nextAt ?? []);
    return times.length === 0 ? undefined : Math.min(...times);
  }

  /** What the daemons have logged of a tunnel's last negotiations; that of the newest last. */
  trailOf(tunnel: string): readonly TrailStep[] {
    return [...this.#shards.values()].flatMap((shard) => shard.trailOf(tunnel));
  }

  /** As they are before anything is known of them. */
  get engines(): readonly EngineReport[] {
    return [...this.#shards.values()].map((shard) => shard.report());
  }

  /** All daemons side by side: one that does not answer holds up no other. */
  async round(plan: HostPlan, extent: Extent, signal: AbortSignal): Promise<ShardsResult> {
    const wanted = new Set([undefined, ...plan.tunnels.flatMap(({ shard }) => shard ?? []).sort()]);
    for (const name of wanted) if (!this.#shards.has(name)) this.#add(name);
    const results = await Promise.all(
      [...wanted].map((name) => this.#get(name).round(plan, extent, signal)),
    );
    const gone = [...this.#shards.keys()].filter((name) => !wanted.has(name)).sort();
    const left = await Promise.all(gone.map((name) => this.#retire(name, boundLevel(signal))));
    const order = new Map(plan.tunnels.map(({ name }, index) => [name, index]));
    return {
      tunnels: results
        .flatMap(({ tunnels }) => tunnels)
        .sort((a, b) => (order.get(a.name) ?? 0) - (order.get(b.name) ?? 0)),
      engines: results.map(({ engine }) => engine),
      differences: [...results.flatMap(({ differences }) => differences), ...left.flat()],
      problems: results.flatMap(({ problems }) => problems),
      isMoving: results.some(({ isMoving }) => isMoving),
    };
  }

  /** Listens to every daemon, also to those that come later, until the signal fires. */
  async follow(onChange: OnChange, signal: AbortSignal): Promise<void> {
    const followed: Promise<void>[] = [];
    const watch = (shard: Shard): void => {
      followed.push(shard.follow(onChange, signal));
    };
    this.#watchers.push(watch);
    for (const shard of this.#shards.values()) watch(shard);
    await new Promise((resolve) => {
      signal.addEventListener('abort', resolve, { once: true });
      if (signal.aborted) resolve(undefined);
    });
    await Promise.all(followed);
  }

  /** Ends every hold of packets; goes on where that fails. */
  async releaseHolds(signal: AbortSignal): Promise<void> {
    for (const shard of this.#shards.values()) {
      try {
        await shard.releaseHolds(signal);
      } catch (error) {
        const place = shard.name === undefined ? {} : { shard: shard.name };
        this.#options.log.warn({ ...place, error: messageOf(error) }, 'packets may still be held');
      }
    }
  }

  /** Leaves every daemon as it is. */
  async close(): Promise<void> {
    await Promise.all([...this.#shards.values()].map((shard) => shard.close()));
  }

  /** Takes away everything of ours, as far as it can; returns what failed. */
  async remove(signal: AbortSignal): Promise<unknown[]> {
    const faults = await Promise.all(
      [...this.#shards.values()].map((shard) => shard.remove(signal)),
    );
    return faults.flat();
  }

  #get(name: string | undefined): Shard {
    return this.#shards.get(name) ?? this.#add(name);
  }

  #add(name: string | undefined): Shard {
    const shard = this.#options.make(name);
    this.#shards.set(name, shard);
    for (const watch of this.#watchers) watch(shard);
    return shard;
  }

  /** Ends a shard that no tunnel needs any more; returns what is left of it. */
  async #retire(name: string | undefined, signal: AbortSignal): Promise<Difference[]> {
    const faults = await this.#get(name).remove(signal);
    if (faults.length === 0) {
      this.#shards.delete(name);
      this.#options.log.info({ shard: name }, 'IKE daemon ended: no tunnel needs it any more');
      return [];
    }
    // What was half ended is tried again as a whole.
    this.#add(name);
    const text = faults.map(messageOf).join('; ');
    return [{ text: `IKE daemon: not ended: ${text}`, shard: name ?? null }];
  }
}
