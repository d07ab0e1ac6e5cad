/** What a node has learned from its gateways, as its report tells it. */
import type { WayPlan } from '../plan/node-plan.ts';
import { type LearnedReport, MOST_PREFIXES } from '../status/bgp-report.ts';

/** `routed`: ways as they are wanted now; `installed`: prefixes that the kernel really has one to. */
export function learnedWays(
  told: readonly WayPlan[],
  routed: readonly WayPlan[],
  installed: ReadonlySet<string>,
): LearnedReport {
  const count = (prefixesOf: (way: WayPlan) => readonly string[]): number =>
    told.reduce((sum, way) => sum + prefixesOf(way).length, 0);
  const total = count(({ prefixes }) => prefixes);
  const counts = {
    total,
    installed: count(({ prefixes }) => prefixes.filter((prefix) => installed.has(prefix))),
  };
  if (total > MOST_PREFIXES) return counts;
  const wayOf = new Map(routed.flatMap((way) => way.prefixes.map((prefix) => [prefix, way])));
  return {
    ...counts,
    prefixes: told.flatMap((way) =>
      way.prefixes.map((prefix) => ({
        prefix,
        nextHops: (wayOf.get(prefix) ?? way).hops.flatMap(({ address, weight }) =>
          weight === 0 ? [] : address,
        ),
        installed: installed.has(prefix),
      })),
    ),
  };
}
