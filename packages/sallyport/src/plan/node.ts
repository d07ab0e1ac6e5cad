/**
 * Ways between gateways and nodes: on a node those to the remote networks by its gateways, on a gateway those back
 * to what lies behind its nodes.
 */
import { familyOf, formatAddress, parseInterfaceAddress } from '../lib/prefix.ts';
import { type DeclaredObjects, objectKey } from '../model/declared-objects.ts';
import type { Facts } from '../model/facts.ts';
import type { Gateway } from '../model/gateway.ts';
import type { Host } from '../model/host.ts';
import { sortPrefixes } from './children.ts';
import { type Cluster, clustersOf } from './cluster.ts';
import { type FirewallPlan, type InterfacePlan, OWNER, type RoutePlan } from './host-plan.ts';
import { internalPairs } from './internal-pair.ts';
import { mssBytes } from './mtu.ts';
import { type NodeLink, planNodeLink } from './node-link.ts';
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
  readonly hostName: string;
  readonly objects: DeclaredObjects;
  readonly facts: Facts;
}

/** Undefined where no network lies behind another host. Of several clusters the first one decides. */
export function planNodeParts({ hostName, objects, facts }: NodeContext): NodeParts | undefined {
  for (const cluster of clustersOf(objects, hostName)) {
    const host = objects.hosts.get(objectKey(cluster.namespace, hostName));
    if (host === undefined) continue;
    const link = planNodeLink(cluster, host, facts);
    const parts =
      host.spec.role === 'node'
        ? planNode(cluster, host, { link, networks: remoteNetworksOf(cluster, objects, facts) })
        : planWaysBack(cluster, host, link);
    if (parts !== undefined) return parts;
  }
  return undefined;
}

function planNode(
  cluster: Cluster,
  host: Host,
  { link, networks }: { readonly link: NodeLink; readonly networks: readonly RemoteNetwork[] },
): NodeParts | undefined {
  if (cluster.gateways.length === 0) return undefined;
  const gateways = cluster.gatewayHosts.map((gateway): NodeGatewayPlan => {
    const speaks = cluster.gateways.some(
      ({ spec }) => spec.bgp !== undefined && spec.placement.hosts.includes(gateway.metadata.name),
    );
    const addresses = internalPairs(host, gateway).map(({ address }) => address);
    return {
      host: gateway.metadata.name,
      hops: link.hopsTo(gateway).sort(),
      speakers: speaks ? addresses.sort() : [],
    };
  });
  const declared = networks.filter(({ isLearned }) => !isLearned);
  const hopsOf = ({ gateway, hosts }: RemoteNetwork): string[] =>
    virtualHops(gateway, link) ??
    gateways.filter((each) => hosts.includes(each.host)).flatMap(({ hops }) => hops);
  const guarded = networks.filter(({ isGuarded }) => isGuarded).map(({ prefix }) => prefix);
  const relays = [
    ...gateways.flatMap(({ hops }) => hops),
    ...cluster.gateways.flatMap((gateway) => virtualHops(gateway, link) ?? []),
  ];
  return {
    node: {
      gateways,
      ...withEncapsulation(link),
      ways: groupWays(
        declared.map((network) => [network.prefix, hopsOf(network)]),
        link,
      ),
      sources: sourcesOf(host, cluster.gateways, link),
    },
    interfaces: link.interface === undefined ? [] : [link.interface],
    routes: guarded.map((prefix) => ({ prefix, table: OWNER.guardTable, type: 'unreachable' })),
    firewall: {
      guarded: guarded.map((prefix) => ({ prefix, by: 'interface' })),
      ...(link.encapsulation === undefined ? { relays: [...new Set(relays)].sort() } : {}),
      clamps: networks.flatMap(({ prefix, mtuBytes }) => {
        const family = familyOf(prefix);
        return mtuBytes === undefined || family === undefined
          ? []
          : [{ prefix, mssBytes: mssBytes(Math.min(mtuBytes, link.mtuBytes), family) }];
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
    node: { ...withEncapsulation(link), ways: groupWays(ways, link), sources: [] },
    interfaces: link.interface === undefined ? [] : [link.interface],
    routes: [],
    ...(link.encapsulation === undefined ? {} : { encapsulatedMtuBytes: link.mtuBytes }),
  };
}

function withEncapsulation({ encapsulation }: NodeLink): Pick<NodePlan, 'encapsulation'> {
  return encapsulation === undefined ? {} : { encapsulation };
}

/** What one of the hosts holds is where packets are to go. A VXLAN ends at addresses that stay. */
function virtualHops({ spec }: Gateway, { encapsulation }: NodeLink): string[] | undefined {
  if (encapsulation !== undefined) return undefined;
  return spec.availability.virtual?.addresses.flatMap((text) => {
    const parsed = parseInterfaceAddress(text);
    return parsed === undefined ? [] : formatAddress(parsed.address);
  });
}

/** Prefixes with the same next hops are one way. Without encapsulation those are of one family. */
function groupWays(
  ways: readonly (readonly [prefix: string, hops: readonly string[]])[],
  { encapsulation }: NodeLink,
): WayPlan[] {
  const byHops = Map.groupBy(ways, ([prefix, hops]) =>
    hops
      .filter((hop) => encapsulation !== undefined || familyOf(hop) === familyOf(prefix))
      .sort()
      .join(' '),
  );
  return [...byHops]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([hops, same]) => ({
      prefixes: sortPrefixes(same.map(([prefix]) => prefix)),
      hops: hops.split(' ').flatMap((address) => (address === '' ? [] : { address, weight: 1 })),
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
  return ([4, 6] as const).flatMap((family) => addressWithin(host, answered, family) ?? []);
}
