/** The gateways of a namespace and the nodes behind them. */
import { byKey } from '../lib/by-key.ts';
import { once } from '../lib/once.ts';
import { type DeclaredObjects, objectKey } from '../model/declared-objects.ts';
import type { Gateway } from '../model/gateway.ts';
import type { Host } from '../model/host.ts';

export interface Cluster {
  readonly namespace: string;
  /** All lists are sorted by name. */
  readonly gateways: readonly Gateway[];
  /** On which the gateways are placed. */
  readonly gatewayHosts: readonly Host[];
  readonly nodes: readonly Host[];
}

// A thousand hosts of one namespace are planned one by one.
const known = new WeakMap<DeclaredObjects, ReadonlyMap<string, Cluster>>();

export function clusterOf(objects: DeclaredObjects, namespace: string): Cluster {
  const none = { namespace, gateways: [], gatewayHosts: [], nodes: [] };
  return once(known, objects, clustersIn).get(namespace) ?? none;
}

/** Of the namespaces that declare the host, sorted by name. */
export function clustersOf(objects: DeclaredObjects, hostName: string): Cluster[] {
  return [...once(known, objects, clustersIn).values()].filter(({ namespace }) =>
    objects.hosts.has(objectKey(namespace, hostName)),
  );
}

function clustersIn(objects: DeclaredObjects): ReadonlyMap<string, Cluster> {
  const hosts = Map.groupBy(sorted(objects.hosts), ({ metadata }) => metadata.namespace);
  const gateways = Map.groupBy(sorted(objects.gateways), ({ metadata }) => metadata.namespace);
  return new Map(
    [...hosts].map(([namespace, all]) => {
      const ours = gateways.get(namespace) ?? [];
      const placed = new Set(ours.flatMap(({ spec }) => spec.placement.hosts));
      return [
        namespace,
        {
          namespace,
          gateways: ours,
          gatewayHosts: all.filter(({ metadata }) => placed.has(metadata.name)),
          nodes: all.filter(({ spec }) => spec.role === 'node'),
        },
      ];
    }),
  );
}

function sorted<T>(objects: ReadonlyMap<string, T>): T[] {
  return byKey(objects).map(([, object]) => object);
}
