/**
 * Which other hosts of the LAN a host asks: a node its gateways, to send by those that live; a gateway the other
 * ones and some nodes, to know whether it still has a LAN and who else is alive.
 */
import { byKey } from '../lib/by-key.ts';
import { type DeclaredObjects, objectKey } from '../model/declared-objects.ts';
import type { Host } from '../model/host.ts';
import { type Cluster, clustersOf } from './cluster.ts';
import { internalPairs } from './internal-pair.ts';
import type { ProbePlan } from './probe-plan.ts';

/** As BFD between hosts of ours: they are near, and nothing is lost on the way. */
const PACE = { intervalMilliseconds: 100, failAfter: 3, recoverAfter: 10 } as const;

/** So many nodes do not all die at once; each of them has to answer every gateway. */
const MOST_NODES = 4;

/** Sorted by name of the host. One address stands for a host, of whichever family: both come by the same interface. */
export function planHostProbes({
  hostName,
  objects,
}: {
  readonly hostName: string;
  readonly objects: DeclaredObjects;
}): ProbePlan[] {
  const probes = new Map<string, ProbePlan>();
  for (const cluster of clustersOf(objects, hostName)) {
    const ours = objects.hosts.get(objectKey(cluster.namespace, hostName));
    if (ours === undefined) continue;
    for (const other of askedBy(ours, cluster)) {
      const [pair] = internalPairs(ours, other);
      if (pair === undefined) continue;
      const { address: target, localAddress: source } = pair;
      const host = other.metadata.name;
      const kind = other.spec.role === 'node' ? 'node' : 'gateway';
      probes.set(host, { kind, host, method: 'icmp', target, source, ...PACE });
    }
  }
  return byKey(probes).map(([, probe]) => probe);
}

function askedBy(ours: Host, { gateways, gatewayHosts, nodes }: Cluster): readonly Host[] {
  if (ours.spec.role === 'node') return gatewayHosts;
  const { name } = ours.metadata;
  const mates = new Set(
    gateways
      .filter(({ spec }) => spec.bgp !== undefined && spec.placement.hosts.includes(name))
      .flatMap(({ spec }) => spec.placement.hosts),
  );
  if (mates.size === 0) return [];
  const others = gatewayHosts.filter((host) => host !== ours && mates.has(host.metadata.name));
  return [...others, ...nodes.slice(0, MOST_NODES)];
}
