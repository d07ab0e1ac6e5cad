/** The BGP speaker of a node: iBGP with its gateways, which reflect to it; it tells them nothing. */
import { type DeclaredObjects, objectKey } from '../model/declared-objects.ts';
import { type BgpNeighborPlan, type BgpPlan, exactly } from './bgp-plan.ts';
import { type Cluster, clustersOf } from './cluster.ts';
import {
  behind,
  internalNeighbors,
  joinNeighbors,
  routerIdOf,
  severalNumbers,
} from './internal-bgp.ts';
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
  const neighbors = joinNeighbors(
    clusters.flatMap((cluster) => reflectorsOf(cluster, { asn, hostName, objects })),
  );
  return {
    bgp: {
      asn,
      routerId: routerIdOf(context),
      originate: [],
      refuse: [],
      neighbors: neighbors.sort((a, b) => (a.address < b.address ? -1 : 1)),
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
    const accept = placed.flatMap((gateway) => {
      const { accepted, declared } = behind(gateway, objects);
      return [...accepted, ...declared.map(exactly)];
    });
    const networks = accept.map(({ prefix }) => prefix);
    return internalNeighbors(ours, host, {
      ...{ kind: 'reflector', asn, transit: false, accept, networks },
    });
  });
}
