/**
 * Which way packets go through a tunnel, from its counters as they are seen from time to time. Counters
 * begin anew with each Child SA, so they are followed by its unique id. Pure: times are milliseconds of any
 * steady clock.
 */
import type { ChildReport, Traffic } from '../host-report.ts';

/** Longer than DPD takes to see that the peer is gone, with the default delay: that has its own words. */
const ONE_WAY_MILLISECONDS = 60_000;
const QUIET_MILLISECONDS = 600_000;

interface Direction {
  /** Of the last packets that were seen. */
  readonly at?: number;
  /** Of the first packets since the other direction has moved. */
  readonly aloneSince?: number;
}

export interface TrafficMemory {
  readonly since: number;
  readonly counters: ReadonlyMap<string, { readonly in: number; readonly out: number }>;
  readonly in: Direction;
  readonly out: Direction;
}

/** `before`: absent at first sight, where counters tell nothing of when they grew. */
export function noteTraffic(
  before: TrafficMemory | undefined,
  children: readonly ChildReport[],
  now: number,
): TrafficMemory {
  const counters = new Map(
    children.map((child) => [child.uniqueId, { in: child.packetsIn, out: child.packetsOut }]),
  );
  // What was seen through SAs that are gone says nothing of those that come after them.
  if (before === undefined || counters.size === 0) return { since: now, counters, in: {}, out: {} };
  const grew = (way: 'in' | 'out'): boolean =>
    [...counters].some(([id, count]) => count[way] > (before.counters.get(id)?.[way] ?? 0));
  const [isIn, isOut] = [grew('in'), grew('out')];
  const isOld = ({ at }: Direction): boolean => at !== undefined && now - at > QUIET_MILLISECONDS;
  const advance = (way: Direction, moved: boolean, other: boolean): Direction => {
    const { at, aloneSince } = isOld(way) ? {} : way;
    const since = other ? undefined : (aloneSince ?? (moved ? now : undefined));
    const last = moved ? now : at;
    return {
      ...(last === undefined ? {} : { at: last }),
      ...(since === undefined ? {} : { aloneSince: since }),
    };
  };
  return {
    since: before.since,
    counters,
    in: advance(before.in, isIn, isOut),
    out: advance(before.out, isOut, isIn),
  };
}

/** Undefined while it is too early to tell. */
export function judgeTraffic(memory: TrafficMemory, now: number): Traffic | undefined {
  const { in: into, out, since } = memory;
  if (isAlone(out)) return 'unanswered';
  if (isAlone(into)) return 'unreturned';
  if (into.at !== undefined && out.at !== undefined) return 'both-ways';
  const isQuiet = into.at === undefined && out.at === undefined;
  return isQuiet && now - since > QUIET_MILLISECONDS ? 'none' : undefined;
}

function isAlone({ at, aloneSince }: Direction): boolean {
  return at !== undefined && aloneSince !== undefined && at - aloneSince >= ONE_WAY_MILLISECONDS;
}
