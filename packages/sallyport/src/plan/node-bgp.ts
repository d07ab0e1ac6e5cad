/** The BGP speaker of a node: iBGP with its gateways, which reflect to it; it tells them nothing. */
import { familyOf } from '../lib/prefix.ts';
import { type DeclaredObjects, objectKey } from '../model/declared-objects.ts';
import {
  acceptedBehind,
  familiesIn,
  INTERNAL,
  routerIdOf,
  severalNumbers,
  uniqueRanges,
} from './bgp.ts';
import type { BgpNeighborPlan, BgpPlan } from './bgp-plan.ts';
import { type Cluster, clustersOf } from './cluster.ts';
import { internalPairs } from './internal-pair.ts';
import type { PlanProblem } from './problems.ts';

/** Undefined where the host is no node, or none of its gateways speaks BGP. */
export function planNodeBgp(context: {
  readonly hostName: string;
  readonly objects: DeclaredObjects;
}): { readonly bgp?: BgpPlan; readonly problems: readonly PlanProblem[] } {
  const { hostName, objects } = context;
  const clusters = clustersOf(objects, hostName).filter(({ nodes }) =>
    nodes.some(({ metadata }) => metadata.name === hostName),
  );
  const speaking = clusters.flatMap(({ gateways }) =>
    gateways.filter(({ spec }) => spec.bgp !== undefined),
  );
  const [first] = speaking;
  if (first?.spec.bgp === undefined) return { problems: [] };
  const { asn } = first.spec.bgp;
  const neighbors = new Map(
    clusters
      .flatMap((cluster) => reflectorsOf(cluster, { asn, hostName, objects }))
      .map((neighbor) => [neighbor.address, neighbor]),
  );
  return {
    bgp: {
      asn,
      routerId: routerIdOf(context),
      originate: [],
      refuse: [],
      neighbors: [...neighbors.values()].sort((a, b) => (a.address < b.address ? -1 : 1)),
    },
    problems: speaking
      .filter(({ spec }) => spec.bgp?.asn !== asn)
      .map((gateway) => severalNumbers(gateway, first, hostName)),
  };
}

interface ReflectorContext {
  readonly asn: number;
  readonly hostName: string;
  readonly objects: DeclaredObjects;
}

function reflectorsOf(
  { namespace, gateways, gatewayHosts }: Cluster,
  { asn, hostName, objects }: ReflectorContext,
): BgpNeighborPlan[] {
  const ours = objects.hosts.get(objectKey(namespace, hostName));
  if (ours === undefined) return [];
  return gatewayHosts.flatMap((host) => {
    const placed = gateways.filter(
      ({ spec }) => spec.bgp?.asn === asn && spec.placement.hosts.includes(host.metadata.name),
    );
    const accept = uniqueRanges(placed.flatMap((gateway) => acceptedBehind(gateway, objects)));
    const pairs = internalPairs(ours, host);
    return pairs.flatMap(({ family, address, localAddress }): BgpNeighborPlan[] => {
      const families = pairs.length > 1 ? [family] : familiesIn(accept.map(({ prefix }) => prefix));
      const taken = accept.filter(({ prefix }) => families.some((one) => one === familyOf(prefix)));
      if (taken.length === 0) return [];
      const neighbor: BgpNeighborPlan = {
        ...{ address, kind: 'reflector', description: `host ${host.metadata.name}` },
        ...{ asn, localAddress, families, ...INTERNAL, reach: 'any-ttl' },
        accept: taken,
        advertise: [],
        transit: false,
        maximumPrefixes: 1_000_000,
      };
      return [neighbor];
    });
  });
}
