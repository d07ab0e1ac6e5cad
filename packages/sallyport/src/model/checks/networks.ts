/** Remote networks against our own, against those of other connections, and against themselves. */
import {
  containsAddress,
  type Family,
  formatPrefix,
  type Prefix,
  parseAddress,
  parsePrefix,
  parsePrefixes,
} from '../../lib/prefix.ts';
import { formatObjectRef, type Problem } from '../../lib/problem.ts';
import type { Connection } from '../connection.ts';
import type { Gateway } from '../gateway.ts';
import { refOf } from '../objects.ts';
import type { FieldPath, ParsedObject } from '../parsed-object.ts';
import { problemAt } from '../problem-at.ts';
import { remoteNetworks as remoteNetworksOf } from '../routing.ts';
import { overlappingPairs } from './overlapping-pairs.ts';
import { gatewayOf, hostKeysOf, hostsOf, type World } from './world.ts';

export function checkNetworks(world: World): Problem[] {
  return [
    ...world.gateways.flatMap((gateway) => redundant(ownNetworks(gateway))),
    ...world.connections.flatMap((connection) => checkConnection(world, connection)),
    ...checkHosts(world),
  ];
}

export interface Network {
  readonly owner: ParsedObject<Gateway> | ParsedObject<Connection>;
  readonly path: FieldPath;
  readonly text: string;
  readonly prefix: Prefix;
}

function networks(owner: Network['owner'], path: FieldPath, texts: readonly string[]): Network[] {
  return texts.flatMap((text, index) => {
    const parsed = parsePrefix(text);
    return parsed.ok ? [{ owner, path: [...path, index], text, prefix: parsed.prefix }] : [];
  });
}

function ownNetworks(gateway: ParsedObject<Gateway>): Network[] {
  return networks(gateway, ['spec', 'networks'], gateway.object.spec.networks);
}

export function remoteNetworks(connection: ParsedObject<Connection>): Network[] {
  const { field, networks: texts } = remoteNetworksOf(connection.object.spec.routing);
  return networks(connection, ['spec', 'routing', ...field], texts);
}

function checkConnection(world: World, connection: ParsedObject<Connection>): Problem[] {
  const remote = remoteNetworks(connection);
  return [
    ...remote.flatMap(defaultRoute),
    ...redundant(remote),
    ...familyWithoutLocal(world, connection, remote),
    ...containsPeer(connection, remote),
  ];
}

export function isDefault({ prefix }: Network): boolean {
  return prefix.length === 0;
}

function defaultRoute(network: Network): Problem[] {
  if (!isDefault(network)) return [];
  return [
    problemAt(network.owner, network.path, 'network/default-route', {
      message: 'a default route would draw all traffic into the tunnel',
      value: network.text,
      hint: 'list the networks of the remote site',
    }),
  ];
}

function redundant(list: readonly Network[]): Problem[] {
  return overlappingPairs(list).map(([outer, inner]) =>
    problemAt(inner.owner, inner.path, 'network/redundant', {
      message:
        formatPrefix(outer.prefix) === formatPrefix(inner.prefix)
          ? 'stands twice in this list'
          : `lies inside ${outer.text} of the same list`,
      value: inner.text,
      hint: 'remove one of them',
    }),
  );
}

/** The other way round is usual: a dual-stack gateway with a partner of one family. */
function familyWithoutLocal(
  world: World,
  connection: ParsedObject<Connection>,
  remote: readonly Network[],
): Problem[] {
  const gateway = gatewayOf(world, connection.object);
  if (gateway === undefined) return [];
  const families = new Set<Family>(
    parsePrefixes(gateway.spec.networks).map(({ family }) => family),
  );
  return remote
    .filter(({ prefix }) => !families.has(prefix.family))
    .map(({ path, text, prefix }) => {
      const family = `IPv${String(prefix.family)}`;
      return problemAt(connection, path, 'network/family-without-local', {
        message: `Gateway ${gateway.metadata.name} has no ${family} network that could use it`,
        value: text,
        hint: `add an ${family} network to the gateway, or remove this one`,
      });
    });
}

/** Declared, its own route is left out of the network; learned, it would be led into the tunnel itself. */
function containsPeer(connection: ParsedObject<Connection>, remote: readonly Network[]): Problem[] {
  const isLearned = connection.object.spec.routing.bgp !== undefined;
  return connection.object.spec.tunnels.flatMap((tunnel) => {
    const { address } = tunnel.remote;
    if (address === undefined) return [];
    const peer = parseAddress(address);
    if (peer === undefined) return [];
    return remote
      .filter((network) => !isDefault(network) && containsAddress(network.prefix, peer))
      .map(({ path, text }) =>
        problemAt(connection, path, isLearned ? 'bgp/accepts-peer' : 'network/contains-peer', {
          message: `contains ${address}, the outer address of tunnel ${tunnel.name}${isLearned ? ': a route learned for it would lead the tunnel into itself' : ''}`,
          value: text,
          hint: isLearned
            ? 'list the networks of the remote site without that address'
            : 'nothing but IKE and ESP will reach that address outside the tunnel; leave it out if that is not meant',
        }),
      );
  });
}

/** A thousand copies of one network would make half a million pairs; the first few of each say it all. */
const MOST_OVERLAPS = 8;

function subjectOf({ object, path }: Problem): string {
  return JSON.stringify([object, path]);
}

/** Overlaps matter where two networks meet in the routes of one host. */
function checkHosts(world: World): Problem[] {
  const ownByHost = new Map<string, Network[]>();
  const remoteByHost = new Map<string, Network[]>();
  for (const gateway of world.gateways) {
    const own = ownNetworks(gateway);
    for (const host of hostKeysOf(gateway.object)) append(ownByHost, host, own);
  }
  for (const connection of world.connections) {
    if (connection.object.spec.adminState === 'disabled') continue;
    const remote = remoteNetworks(connection).filter((network) => !isDefault(network));
    for (const host of hostKeys(world, connection.object)) append(remoteByHost, host, remote);
  }
  const problems = new Map<string, Problem[]>();
  for (const [host, remote] of remoteByHost) {
    const all = [...(ownByHost.get(host) ?? []), ...remote];
    for (const [one, other] of overlappingPairs(all)) {
      const problem = overlapProblem(one, other);
      if (problem === undefined) continue;
      // The same pair may meet on several hosts.
      const known = problems.get(subjectOf(problem)) ?? [];
      if (known.some(({ message }) => message === problem.message)) continue;
      if (known.length < MOST_OVERLAPS) problems.set(subjectOf(problem), [...known, problem]);
    }
  }
  return [...problems.values()].flat();
}

function hostKeys(world: World, connection: Connection): Set<string> {
  const keys = connection.spec.tunnels
    .flatMap((tunnel) => hostsOf(world, connection, tunnel))
    .map(({ metadata }) => `${metadata.namespace}/${metadata.name}`);
  return new Set(keys);
}

function append(map: Map<string, Network[]>, key: string, list: readonly Network[]): void {
  const known = map.get(key);
  if (known === undefined) map.set(key, [...list]);
  else known.push(...list);
}

function overlapProblem(one: Network, other: Network): Problem | undefined {
  if (one.owner === other.owner) return undefined;
  const [kind, otherKind] = [one.owner.object.kind, other.owner.object.kind];
  if (kind === 'Gateway' && otherKind === 'Gateway') return undefined;
  if (kind === 'Connection' && otherKind === 'Connection') {
    // BGP chooses between two that tell of the same network.
    if (isTold(one) && isTold(other)) return undefined;
    const [first, second] = orderByName(one, other);
    return problemAt(second.owner, second.path, 'network/overlaps-connection', {
      message: `overlaps ${first.text} of ${formatObjectRef(refOf(first.owner.object))}`,
      value: second.text,
      hint: 'give each network to one connection only, or place the connections on different hosts',
    });
  }
  const [own, remote] = kind === 'Gateway' ? [one, other] : [other, one];
  return problemAt(remote.owner, remote.path, 'network/overlaps-own', {
    message: `overlaps our own network ${own.text} of ${formatObjectRef(refOf(own.owner.object))}`,
    value: remote.text,
    hint: 'renumber one side, or list only the parts that do not overlap',
  });
}

function isTold({ owner: { object } }: Network): boolean {
  return object.kind === 'Connection' && object.spec.routing.bgp !== undefined;
}

/** So that the order of input does not decide which of the two is blamed. */
function orderByName(one: Network, other: Network): [Network, Network] {
  const [a, b] = [one, other].map(({ owner }) => formatObjectRef(refOf(owner.object)));
  return String(a) <= String(b) ? [one, other] : [other, one];
}
