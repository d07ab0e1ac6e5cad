/**
 * Which tunnels are to carry packets: what IKE says of each, and what probes have found out, over all tunnels that
 * lead to the same networks.
 *
 * Probes alone never take out the last one: where nothing answers through any, it may be that nobody answers probes,
 * and packets that are lost could not go elsewhere anyway.
 */
import type { ProbeReport, Usability } from '../health-report.ts';

export interface TunnelEvidence {
  /** Name of the tunnel. */
  readonly tunnel: string;
  /** Tunnels with the same name here lead to the same networks. */
  readonly connection: string;
  /** Why it cannot carry packets, as `the IKE SA is down`; absent: IKE and Child SA are up. */
  readonly down?: string;
  /** Those through this tunnel. */
  readonly probes: readonly ProbeReport[];
}

/** In the order of the tunnels. */
export function judgeUsability(tunnels: readonly TunnelEvidence[]): Usability[] {
  const byConnection = Map.groupBy(tunnels, ({ connection }) => connection);
  const judged = new Map(
    [...byConnection.values()].flatMap((paths) =>
      judgePaths(paths).map((usability) => [usability.tunnel, usability] as const),
    ),
  );
  return tunnels.flatMap(({ tunnel }) => judged.get(tunnel) ?? []);
}

interface Path extends TunnelEvidence {
  /** 0: nothing has been found against it; 1: it lacks what others reach; 2: nothing answers. */
  readonly rank: 0 | 1 | 2;
  /** What has been found; empty with rank 0. */
  readonly fault: string;
}

function judgePaths(tunnels: readonly TunnelEvidence[]): Usability[] {
  const up = tunnels.filter(({ down }) => down === undefined);
  const paths = tunnels.map((tunnel) => rankPath(tunnel, up));
  const best = Math.min(...paths.flatMap(({ down, rank }) => (down === undefined ? rank : [])));
  return paths.map((path) => judgePath(path, best));
}

function rankPath(tunnel: TunnelEvidence, others: readonly TunnelEvidence[]): Path {
  const { probes } = tunnel;
  // Anything that answers proves that packets pass.
  const failed = probes.some(isGood) ? undefined : probes.find(isFailed);
  if (failed !== undefined) return { ...tunnel, rank: 2, fault: describe(failed) };
  const lacking = probes.find((probe) => isFailed(probe) && isReachedBy(others, probe));
  if (lacking === undefined) return { ...tunnel, rank: 0, fault: '' };
  return { ...tunnel, rank: 1, fault: `${describe(lacking)}, and answers through another tunnel` };
}

/** A host that answers through none of them may be down itself. */
function isReachedBy(tunnels: readonly TunnelEvidence[], { kind, target }: ProbeReport): boolean {
  return (
    kind === 'target' &&
    tunnels.some(({ probes }) => probes.some((probe) => isGood(probe) && probe.target === target))
  );
}

function judgePath({ tunnel, down, rank, fault, probes }: Path, best: number): Usability {
  const no = { tunnel, usable: false, degraded: false };
  if (down !== undefined) return { ...no, reason: down };
  if (rank > best) return { ...no, reason: fault };
  if (rank > 0)
    return {
      ...{ tunnel, usable: true, degraded: true },
      ...(rank === 2 ? { silence: 'failed' } : {}),
      reason: `${fault}; kept, since no other path is better`,
    };
  const degraded = probes.some(({ lossy }) => lossy);
  const told = probes.find(({ lossy }) => lossy) ?? probes.find(isFailed) ?? probes.find(isGood);
  const isEarly = told === undefined && probes.length > 0;
  return {
    ...{ tunnel, usable: true, degraded },
    ...(isEarly ? { silence: 'early' } : {}),
    reason: told === undefined ? 'its SAs are up' : describe(told),
  };
}

function isGood({ state }: ProbeReport): boolean {
  return state === 'good';
}

function isFailed({ state }: ProbeReport): boolean {
  return state === 'failed';
}

function describe({ target, method, reason }: ProbeReport): string {
  return `${target}${method === 'udp' ? ' (UDP)' : ''} ${reason}`;
}
