/**
 * Tells what somebody else has changed from what is ours to do: what differs from a plan that was in effect
 * is drift, except after a boot, another release of Sallyport, or a restart of the daemon. Outlives the agent.
 */
import { isSameDaemon } from '../drivers/strongswan/memory-file.ts';
import type { DriftPolicy } from '../model/host.ts';
import type {
  Difference,
  DriftEntry,
  DriftReport,
  HostReport,
  ReachedState,
} from '../status/host-report.ts';
import type { Scoped } from '../status/scope.ts';
import type { Log } from './log.ts';

export interface DriftWatchOptions {
  readonly log: Log;
  /** Another one after each boot, and of each release: then nothing that was reached holds. */
  readonly life: string;
  /** Of the agent before; it may be of an older version, which had less. */
  readonly last?: Partial<HostReport> | undefined;
  readonly now: () => Date;
}

/** One look of a level. */
export interface Look extends Scoped {
  /** Stable name of the level, such as `kernel`. */
  readonly level: string;
  readonly plan: { readonly revision: string; readonly driftPolicy: DriftPolicy };
  /** `stats.uptime.since` of the daemon, where the level has one. */
  readonly daemonSince?: string;
}

/**
 * What to do about what differs: `reach` the plan for the first time; or, where it was in effect before, `repair`
 * what somebody else has changed, or `leave` it as it is.
 */
export type Decision = 'reach' | 'repair' | 'leave';

/** Entries that a report has. */
const KEPT = 20;

export class DriftWatch {
  readonly #options: DriftWatchOptions;
  readonly #reached: Map<string, ReachedState>;
  /** By level, the texts of what stands as somebody else has left it. */
  readonly #standing = new Map<string, ReadonlySet<string>>();
  /** What stood when the agent before ended. */
  readonly #stood: ReadonlySet<string>;
  #count: number;
  #last: readonly DriftEntry[];

  constructor(options: DriftWatchOptions) {
    const { drift, differences = [] } = options.last ?? {};
    this.#options = options;
    this.#count = drift?.count ?? 0;
    this.#last = drift?.last ?? [];
    this.#reached = new Map(Object.entries(drift?.reached ?? {}));
    this.#stood = new Set(
      differences.filter(({ drifted }) => drifted === true).map(({ text }) => text),
    );
  }

  get report(): DriftReport {
    const reached = Object.fromEntries(this.#reached);
    return { count: this.#count, last: this.#last, reached };
  }

  /** To be asked before anything is changed: after that, what was in effect before this plan is not any more. */
  decide(look: Look): Decision {
    if (this.#hasReached(look)) return look.plan.driftPolicy === 'report' ? 'leave' : 'repair';
    this.#reached.delete(look.level);
    return 'reach';
  }

  /** The level has lost everything: to bring it back is recovery. */
  forget(level: string): void {
    this.#reached.delete(level);
    this.#standing.set(level, new Set());
  }

  /** `found`: what differed; `remaining`: the texts of what still does. */
  note(look: Look, found: readonly Difference[], remaining: ReadonlySet<string>): void {
    const { level, plan, daemonSince } = look;
    if (this.#hasReached(look)) {
      const known = this.#standing.get(level) ?? this.#stood;
      const fresh = found.filter(({ text }) => !known.has(text));
      if (fresh.length > 0) this.#record(look, fresh, remaining);
      this.#standing.set(level, remaining);
    } else this.#standing.set(level, new Set());
    if (remaining.size > 0) return;
    this.#reached.set(level, {
      revision: plan.revision,
      life: this.#options.life,
      ...(daemonSince === undefined ? {} : { daemonSince }),
    });
  }

  #hasReached({ level, plan, daemonSince = '' }: Look): boolean {
    const reached = this.#reached.get(level);
    return (
      reached?.revision === plan.revision &&
      reached.life === this.#options.life &&
      isSameDaemon(reached.daemonSince ?? '', daemonSince)
    );
  }

  #record(
    { level, shard }: Look,
    found: readonly Difference[],
    remaining: ReadonlySet<string>,
  ): void {
    const { log, now } = this.#options;
    const at = now().toISOString();
    const entries = found.map(({ text, tunnel }) => ({
      at,
      text,
      ...(tunnel === undefined ? {} : { tunnel }),
      ...(shard === undefined ? {} : { shard }),
      repaired: !remaining.has(text),
    }));
    this.#count += entries.length;
    this.#last = [...this.#last, ...entries].slice(-KEPT);
    const changes = found.slice(0, KEPT).map(({ text }) => text);
    const left = entries.filter(({ repaired }) => !repaired).length;
    log.warn(
      { level, changes, count: entries.length, left },
      'somebody else has changed what was in effect',
    );
  }
}
