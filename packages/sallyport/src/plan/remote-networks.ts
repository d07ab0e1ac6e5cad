/** What the gateways of a cluster lead to, as a node has to know it. */
import { once } from '../lib/once.ts';
import type { DeclaredObjects } from '../model/declared-objects.ts';
import type { Facts } from '../model/facts.ts';
import type { Gateway } from '../model/gateway.ts';
import { sortPrefixes } from './children.ts';
import type { Cluster } from './cluster.ts';
import { placeTunnels } from './place-tunnels.ts';
import { remotePrefixes } from './routing.ts';

/** As one gateway knows it, in one way: what is declared there may be learned elsewhere. */
export interface RemoteNetwork {
  readonly prefix: string;
  /** BGP tells of it, and of what lies inside. */
  readonly isLearned: boolean;
  readonly isGuarded: boolean;
  readonly gateway: Gateway;
  /** Names of the hosts with a tunnel in use that leads there. Sorted. */
  readonly hosts: readonly string[];
  /** Of the narrowest of these tunnels; absent: there is none. */
  readonly mtuBytes?: number;
}

// The same for all nodes of a cluster, of which there may be a thousand.
const known = new WeakMap<Cluster, WeakMap<Facts, readonly RemoteNetwork[]>>();

/** Sorted by prefix. */
export function remoteNetworksOf(
  cluster: Cluster,
  objects: DeclaredObjects,
  facts: Facts,
): readonly RemoteNetwork[] {
  const byFacts = once(known, cluster, () => new WeakMap<Facts, readonly RemoteNetwork[]>());
  return once(byFacts, facts, () => findNetworks(cluster, objects, facts));
}

function findNetworks(cluster: Cluster, objects: DeclaredObjects, facts: Facts): RemoteNetwork[] {
  const networks = new Map<string, RemoteNetwork>();
  for (const { metadata } of cluster.gatewayHosts) {
    const { placed } = placeTunnels(objects, metadata.name, facts);
    for (const { tunnel, gateway } of placed) {
      if (tunnel.namespace !== cluster.namespace) continue;
      for (const prefix of remotePrefixes(tunnel)) {
        const isLearned = tunnel.learned !== undefined;
        const key = `${prefix} ${gateway.metadata.name} ${isLearned}`;
        const isGuarded = gateway.spec.leakGuard;
        const before = networks.get(key) ?? { prefix, gateway, hosts: [], isLearned, isGuarded };
        networks.set(key, {
          ...before,
          ...(tunnel.enabled
            ? {
                hosts: [...new Set([...before.hosts, metadata.name])],
                mtuBytes: Math.min(before.mtuBytes ?? tunnel.mtuBytes, tunnel.mtuBytes),
              }
            : {}),
        });
      }
    }
  }
  const byPrefix = Map.groupBy(networks.values(), ({ prefix }) => prefix);
  return sortPrefixes([...byPrefix.keys()]).flatMap((prefix) => byPrefix.get(prefix) ?? []);
}
