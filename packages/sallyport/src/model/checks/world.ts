/** What every check looks at: all objects with their places, how they refer to each other, and the facts. */
import type { ObjectRef } from '../../lib/problem.ts';
import type { Connection } from '../connection.ts';
import { type DeclaredObjects, indexObjects, objectKey } from '../declared-objects.ts';
import { type Facts, type HostFacts, indexSecretFacts, type SecretFacts } from '../facts.ts';
import type { Gateway } from '../gateway.ts';
import type { Host } from '../host.ts';
import { hostsOfTunnel } from '../hosts-of-tunnel.ts';
import { type Kind, refOf } from '../objects.ts';
import type { ParsedObject } from '../parsed-object.ts';
import type { Tunnel } from '../tunnel.ts';

export interface World {
  readonly parsed: readonly ParsedObject[];
  /** Without duplicates; in the order of input. */
  readonly connections: readonly ParsedObject<Connection>[];
  readonly gateways: readonly ParsedObject<Gateway>[];
  readonly hosts: readonly ParsedObject<Host>[];
  readonly objects: DeclaredObjects;
  readonly facts: Facts;
  readonly secretFacts: ReadonlyMap<string, SecretFacts>;
  /** Objects that were meant but are not well-formed: references to them are not dangling. */
  readonly rejected: readonly ObjectRef[];
}

export function makeWorld(
  parsed: readonly ParsedObject[],
  facts: Facts,
  rejected: readonly ObjectRef[],
): World {
  const objects = indexObjects(parsed.map(({ object }) => object));
  const connections: ParsedObject<Connection>[] = [];
  const gateways: ParsedObject<Gateway>[] = [];
  const hosts: ParsedObject<Host>[] = [];
  for (const { object, ...place } of parsed) {
    const key = objectKey(object.metadata.namespace, object.metadata.name);
    if (object.kind === 'Connection' && objects.connections.get(key) === object) {
      connections.push({ object, ...place });
    } else if (object.kind === 'Gateway' && objects.gateways.get(key) === object) {
      gateways.push({ object, ...place });
    } else if (object.kind === 'Host' && objects.hosts.get(key) === object) {
      hosts.push({ object, ...place });
    }
  }
  const secretFacts = indexSecretFacts(facts);
  return { parsed, connections, gateways, hosts, objects, facts, secretFacts, rejected };
}

export function gatewayOf(world: World, connection: Connection): Gateway | undefined {
  const { namespace } = connection.metadata;
  return world.objects.gateways.get(objectKey(namespace, connection.spec.gateway));
}

/** Hosts of the namespace that lie behind its gateways. */
export function nodesIn({ hosts }: World, namespace: string): ParsedObject<Host>[] {
  return hosts.filter(
    ({ object: { metadata, spec } }) => metadata.namespace === namespace && spec.role === 'node',
  );
}

/** The hosts that carry a tunnel, one at a time; none where that is not clear, which is reported elsewhere. */
export function hostsOf(world: World, connection: Connection, tunnel: Tunnel): Host[] {
  const gateway = gatewayOf(world, connection);
  if (gateway === undefined) return [];
  const { namespace } = connection.metadata;
  return hostsOfTunnel(gateway, tunnel).flatMap(
    (name) => world.objects.hosts.get(objectKey(namespace, name)) ?? [],
  );
}

/** `namespace/name` of the hosts on which a gateway is placed. */
export function hostKeysOf(gateway: Gateway): string[] {
  const { namespace } = gateway.metadata;
  return [...new Set(gateway.spec.placement.hosts)].map((host) => objectKey(namespace, host));
}

export function hostFactsOf(world: World, namespace: string, host: string): HostFacts | undefined {
  const key = objectKey(namespace, host);
  return world.facts.hosts.find((facts) => facts.host === key || facts.host === host);
}

export function secretFactsOf(
  world: World,
  namespace: string,
  name: string,
): SecretFacts | undefined {
  return world.secretFacts.get(objectKey(namespace, name));
}

/** Names of the declared objects of a kind in a namespace, for hints. */
export function namesIn(world: World, kind: Kind, namespace: string): string[] {
  return world.parsed
    .map(({ object }) => refOf(object))
    .filter((ref) => ref.kind === kind && ref.namespace === namespace)
    .map((ref) => ref.name)
    .sort();
}

export function isRejected(world: World, kind: Kind, namespace: string, name: string): boolean {
  return world.rejected.some(
    (ref) => ref.kind === kind && ref.namespace === namespace && ref.name === name,
  );
}
