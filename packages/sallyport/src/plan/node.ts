/**
 * Ways between gateways and nodes: on a node those to the remote networks by its gateways, on a gateway those back
 * to what lies behind its nodes.
 */
import { byKey } from '../lib/by-key.ts';
import { FAMILIES, familyOf } from '../lib/prefix.ts';
import { type DeclaredObjects, objectKey } from '../model/declared-objects.ts';
import type { Facts } from '../model/facts.ts';
import { type Gateway, virtualAddresses } from '../model/gateway.ts';
import type { Host } from '../model/host.ts';
import type { BgpPlan } from './bgp-plan.ts';
import { sortPrefixes } from './children.ts';
import { type Cluster, clustersOf } from './cluster.ts';
import { type FirewallPlan, type InterfacePlan, OWNER, type RoutePlan } from './host-plan.ts';
import { internalPairs } from './internal-pair.ts';
import { mssBytes } from './mtu.ts';
import { addressIn, type NodeLink, planNodeLink } from './node-link.ts';
import type { NodeGatewayPlan, NodePlan, WayPlan } from './node-plan.ts';
import { type RemoteNetwork, remoteNetworksOf } from './remote-networks.ts';
import { addressWithin } from './routing.ts';

/** What a host has of a plan because of the others of its cluster. */
export interface NodeParts {
  readonly node: NodePlan;
  readonly interfaces: readonly InterfacePlan[];
  /** Of a node only; a gateway has those of its tunnels. */
  readonly routes: readonly RoutePlan[];
  readonly firewall?: Pick<FirewallPlan, 'guarded' | 'relays' | 'clamps'>;
  /** What fits between gateway and node inside of VXLAN; absent: packets go as they are. */
  readonly encapsulatedMtuBytes?: number;
}

export interface NodeContext {
  /** What the host speaks, being a node. */
  readonly bgp: BgpPlan | undefined;
  readonly hostName: string;
  readonly objects: DeclaredObjects;
  readonly facts: Facts;
}

/** Undefined where no network lies behind another host. That of several clusters one alone does is validated. */
export function planNodeParts({
  hostName,
  objects,
  facts,
  bgp,
}: NodeContext): NodeParts | undefined {
  for (const cluster of clustersOf(objects, hostName)) {
    const host = objects.hosts.get(objectKey(cluster.namespace, hostName));
    if (host === undefined) continue;
    const link = planNodeLink(cluster, host, facts);
    const parts =
      host.spec.role === 'node'
        ? planNode(cluster, host, {
            ...{ link, networks: remoteNetworksOf(cluster, objects, facts) },
            reflectors: (bgp?.neighbors ?? []).map(({ address }) => address),
          })
        : planWaysBack(cluster, host, link);
    if (parts !== undefined) return parts;
  }
  return undefined;
}

interface NodeSurroundings {
  readonly link: NodeLink;
  readonly networks: readonly RemoteNetwork[];
  /** Addresses of the gateways with which it speaks BGP. */
  readonly reflectors: readonly string[];
}

function planNode(
  cluster: Cluster,
  host: Host,
  { link, networks, reflectors }: NodeSurroundings,
): NodeParts | undefined {
  if (cluster.gateways.length === 0) return undefined;
  const gateways = cluster.gatewayHosts.map((gateway): NodeGatewayPlan => {
    const addresses = internalPairs(host, gateway).map(({ address }) => address);
    return {
      host: gateway.metadata.name,
      hops: link.hopsTo(gateway).sort(),
      weight: gateway.spec.weight ?? 1,
      speakers: addresses.filter((address) => reflectors.includes(address)).sort(),
    };
  });
  const declared = networks.filter(({ isLearned }) => !isLearned);
  const hopsOf = ({ prefix, gateway, hosts }: RemoteNetwork): string[] => {
    const virtual = virtualHops(gateway, link).filter((hop) => familyOf(hop) === familyOf(prefix));
    return virtual.length > 0
      ? virtual
      : gateways.filter((each) => hosts.includes(each.host)).flatMap(({ hops }) => hops);
  };
  const ways = [...Map.groupBy(declared, ({ prefix }) => prefix)].map(
    ([prefix, same]) => [prefix, [...new Set(same.flatMap(hopsOf))]] as const,
  );
  const weights = new Map(
    gateways.flatMap(({ hops, weight }) => hops.map((hop) => [hop, weight] as const)),
  );
  const guarded = [
    ...new Set(networks.filter(({ isGuarded }) => isGuarded).map(({ prefix }) => prefix)),
  ];
  const relays = [
    ...gateways.flatMap(({ hops }) => hops),
    ...cluster.gateways.flatMap((gateway) => virtualHops(gateway, link)),
  ];
  return {
    node: {
      gateways,
      ...withEncapsulation(link),
      // The guard is among the routes, where it is wanted.
      ways: groupWays(ways, link, weights).map((way) => ({ ...way, isCovered: true })),
      sources: sourcesOf(host, cluster.gateways, link),
    },
    interfaces: link.interface === undefined ? [] : [link.interface],
    routes: guarded.map((prefix) => ({ prefix, table: OWNER.guardTable, type: 'unreachable' })),
    firewall: {
      guarded: guarded.map((prefix) => ({ prefix, by: 'interface' })),
      ...(link.encapsulation === undefined ? { relays: [...new Set(relays)].sort() } : {}),
      clamps: [...Map.groupBy(networks, ({ prefix }) => prefix)].flatMap(([prefix, same]) => {
        const family = familyOf(prefix);
        const mtus = same.flatMap(({ mtuBytes }) => mtuBytes ?? []);
        return mtus.length === 0 || family === undefined
          ? []
          : [{ prefix, mssBytes: mssBytes(Math.min(...mtus, link.mtuBytes), family) }];
      }),
    },
  };
}

function planWaysBack(cluster: Cluster, host: Host, link: NodeLink): NodeParts | undefined {
  if (!cluster.gatewayHosts.includes(host)) return undefined;
  const ways = cluster.nodes.flatMap((node) =>
    (node.spec.networks ?? []).map((prefix) => [prefix, link.hopsTo(node)] as const),
  );
  if (ways.length === 0) return undefined;
  return {
    node: {
      ...withEncapsulation(link),
      ways: groupWays(ways, link),
      sources: sourcesBack(host, link),
    },
    interfaces: link.interface === undefined ? [] : [link.interface],
    routes: [],
    ...(link.encapsulation === undefined ? {} : { encapsulatedMtuBytes: link.mtuBytes }),
  };
}

/**
 * A VXLAN device has no address of its own, and the kernel would take one from outside: whoever sends what is too large
 * for the tunnel could not hear that (RFC 1191 §4).
 */
function sourcesBack(host: Host, { encapsulation }: NodeLink): string[] {
  return encapsulation === undefined ? [] : FAMILIES.flatMap((family) => addressIn(host, family));
}

function withEncapsulation({ encapsulation }: NodeLink): Pick<NodePlan, 'encapsulation'> {
  return encapsulation === undefined ? {} : { encapsulation };
}

/** What one of the hosts holds is where packets are to go. A VXLAN ends at addresses that stay. */
function virtualHops(gateway: Gateway, { encapsulation }: NodeLink): string[] {
  if (encapsulation !== undefined) return [];
  return virtualAddresses(gateway);
}

/** Prefixes with the same next hops are one way. Without encapsulation those are of one family. `weights`: 1 where there is none. */
function groupWays(
  ways: readonly (readonly [prefix: string, hops: readonly string[]])[],
  { encapsulation }: NodeLink,
  weights: ReadonlyMap<string, number> = new Map(),
): WayPlan[] {
  const byHops = Map.groupBy(ways, ([prefix, hops]) =>
    hops
      .filter((hop) => encapsulation !== undefined || familyOf(hop) === familyOf(prefix))
      .sort()
      .join(' '),
  );
  return byKey(byHops).map(([hops, same]) => ({
    prefixes: sortPrefixes(same.map(([prefix]) => prefix)),
    hops: hops
      .split(' ')
      .flatMap((address) => (address === '' ? [] : { address, weight: weights.get(address) ?? 1 })),
  }));
}

/**
 * What comes back is for the networks of the gateways, and inside of VXLAN for those behind the node: from another
 * address the node could not begin.
 */
function sourcesOf(host: Host, gateways: readonly Gateway[], link: NodeLink): string[] {
  const answered =
    link.encapsulation === undefined
      ? gateways.flatMap(({ spec }) => spec.networks)
      : (host.spec.networks ?? []);
  return FAMILIES.flatMap((family) => addressWithin(host, answered, family) ?? []);
}
