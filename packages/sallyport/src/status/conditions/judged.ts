/** What the judges of conditions look at: one object, and what each host that runs it has said. */
import { formatObjectRef } from '../../lib/problem.ts';
import type { PlanSource } from '../../plan/host-plan.ts';
import type { Difference, HostProblem, HostReading, TunnelReport } from '../host-report.ts';
import { concerns, daemonOf, type Scoped } from '../scope.ts';

/** What one host shall run; `report`: absent before its first one. */
export interface JudgedHost {
  readonly plan: {
    readonly host: string;
    readonly revision: string;
    readonly sources: readonly PlanSource[];
  };
  readonly report?: HostReading;
}

/** The part of one object on one host. */
export interface Share {
  readonly host: string;
  /** Generation that the plan of the host stands for. */
  readonly generation: number;
  /** Whether the host follows that plan. */
  readonly isCurrent: boolean;
  readonly report?: HostReading;
  readonly tunnels: readonly TunnelReport[];
  /** Names of these tunnels. */
  readonly names: readonly string[];
  /** Of these tunnels, of their IKE daemons, and of the whole host; of a Host all. */
  readonly differences: readonly Difference[];
  /** Of the IKE daemons of these tunnels, and of the whole host; of a Host all. */
  readonly problems: readonly HostProblem[];
}

/** Shares of every object, by `Kind namespace/name`: each list is gone through once. */
export function indexShares(hosts: readonly JudgedHost[]): ReadonlyMap<string, readonly Share[]> {
  const shares = new Map<string, Share[]>();
  for (const { plan, report } of hosts) {
    const tunnels = new Map(report?.tunnels.map((tunnel) => [tunnel.name, tunnel]));
    const differences = Map.groupBy(report?.differences ?? [], ({ tunnel }) => tunnel);
    const general = differences.get(undefined) ?? [];
    for (const source of plan.sources) {
      const own = source.tunnels.flatMap((name) => tunnels.get(name) ?? []);
      const daemons = new Set(own.map(daemonOf));
      const isOfIt = (statement: Scoped): boolean =>
        source.kind === 'Host' || concerns(daemons, statement);
      const share: Share = {
        host: plan.host,
        generation: source.generation,
        isCurrent: report?.wantedRevision === plan.revision,
        ...(report === undefined ? {} : { report }),
        tunnels: own,
        names: source.tunnels,
        // What is left over of a tunnel that is not wanted any more concerns the host alone.
        differences:
          source.kind === 'Host' || differences.size === 0
            ? (report?.differences ?? [])
            : [
                ...general.filter(isOfIt),
                ...source.tunnels.flatMap((name) => differences.get(name) ?? []),
              ],
        problems: report?.problems.filter(isOfIt) ?? [],
      };
      const key = formatObjectRef(source);
      const others = shares.get(key);
      if (others === undefined) shares.set(key, [share]);
      else others.push(share);
    }
  }
  return shares;
}

/** The first ones, and how many more: a thousand would be nobody's reading. */
export function listSome(items: readonly string[], separator = ', '): string {
  const shown = items.slice(0, SHOWN).join(separator);
  const more = items.length - SHOWN;
  return more > 0 ? `${shown} and ${more} more` : shown;
}

const SHOWN = 3;
