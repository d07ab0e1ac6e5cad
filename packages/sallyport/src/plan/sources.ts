/** Which declared objects a plan stands for, and which of its tunnels each of them concerns. */
import { byKey } from '../lib/by-key.ts';
import { type DeclaredObjects, objectKey } from '../model/declared-objects.ts';
import type { DeclaredObject } from '../model/objects.ts';
import type { PlanSource } from './host-plan.ts';
import type { PlacedConnection } from './placed.ts';

/** Sorted by kind, namespace and name. */
export function planSources(
  tunnels: readonly PlacedConnection[],
  objects: DeclaredObjects,
): PlanSource[] {
  const sources = new Map<string, PlanSource & { readonly tunnels: string[] }>();
  for (const sourced of tunnels) {
    for (const { kind, metadata } of objectsOf(sourced, objects)) {
      const { namespace, name, generation = 1 } = metadata;
      const key = `${kind} ${namespace}/${name}`;
      const source = sources.get(key) ?? { kind, namespace, name, generation, tunnels: [] };
      source.tunnels.push(sourced.tunnel.name);
      sources.set(key, source);
    }
  }
  return byKey(sources).map(([, source]) => ({ ...source, tunnels: source.tunnels.sort() }));
}

/** Each once, though a tunnel may name one Secret twice. */
function objectsOf(
  { connection, gateway, host }: PlacedConnection,
  { cryptoPolicies, secrets, authorities }: DeclaredObjects,
): Set<DeclaredObject> {
  const { namespace } = connection.metadata;
  const { crypto, auth, routing } = connection.spec;
  const policy =
    typeof crypto === 'string' ? cryptoPolicies.get(objectKey(namespace, crypto)) : undefined;
  const named = [
    auth.psk?.secret,
    auth.certificate?.secret,
    auth.certificate?.peerAuthority,
    routing.bgp?.password,
  ].flatMap((name) => (name === undefined ? [] : (secrets.get(objectKey(namespace, name)) ?? [])));
  const issuers = named.flatMap(({ spec }) =>
    spec.issued === undefined
      ? []
      : (authorities.get(objectKey(namespace, spec.issued.authority)) ?? []),
  );
  return new Set([
    ...[connection, gateway, host, ...named, ...issuers],
    ...(policy === undefined ? [] : [policy]),
  ]);
}
