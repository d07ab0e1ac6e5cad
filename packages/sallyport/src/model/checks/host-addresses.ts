/**
 * Remote networks against the addresses of our own hosts. They are looked up before the main table, so a host inside of one
 * would be sent for through a tunnel, or found unreachable, by the gateways of the connection and by nodes. To another site
 * of ours, or to its hosts, a tunnel is meant to lead.
 */
import {
  type Address,
  formatPrefix,
  type Prefix,
  parseAddress,
  parseInterfaceAddress,
  parsePrefixes,
  toPrefix,
  widthOf,
} from '../../lib/prefix.ts';
import { formatObjectRef, type Problem } from '../../lib/problem.ts';
import { objectKey } from '../declared-objects.ts';
import { internalAddresses, outerAddresses } from '../host.ts';
import { refOf } from '../objects.ts';
import { problemAt } from '../problem-at.ts';
import { isDefault, type Network, remoteNetworks } from './networks.ts';
import { overlappingPairs } from './overlapping-pairs.ts';
import { gatewayOf, hostKeysOf, nodesIn, type World } from './world.ts';

interface Place {
  readonly prefix: Prefix;
  /** Keys of the hosts that have it, or before which it lies. */
  readonly hosts: readonly string[];
  /** Hosts beside it on the LAN are reached by it, too. */
  readonly isInternal: boolean;
  /** In words, with whose it is. */
  readonly text: string;
}

export function checkHostAddresses(world: World): Problem[] {
  const remote = Map.groupBy(
    world.connections.filter(({ object }) => object.spec.adminState === 'enabled'),
    ({ object }) => object.metadata.namespace,
  );
  return [...remote].flatMap(([namespace, connections]) => {
    const networks = Map.groupBy(
      connections.flatMap(remoteNetworks).filter((network) => !isDefault(network)),
      ({ prefix }) => formatPrefix(prefix),
    );
    const nodes = nodesIn(world, namespace).map(({ object: { metadata } }) =>
      objectKey(namespace, metadata.name),
    );
    return [...networksWithPlaces(networks, placesIn(world, namespace))].flatMap(
      ([prefix, places]) =>
        (networks.get(prefix) ?? []).flatMap((network) =>
          containsHost(network, placesBefore(sendersBy(world, network, nodes), places)),
        ),
    );
  });
}

/** Keys of the hosts that have a route to the network. */
function sendersBy(
  world: World,
  { owner: { object } }: Network,
  nodes: readonly string[],
): ReadonlySet<string> {
  const gateway = object.kind === 'Connection' ? gatewayOf(world, object) : object;
  return new Set([...(gateway === undefined ? [] : hostKeysOf(gateway)), ...nodes]);
}

/** Its own address a host finds before any route. */
function placesBefore(senders: ReadonlySet<string>, places: readonly Place[]): Place[] {
  return places.filter(
    ({ hosts, isInternal }) =>
      hosts.some((host) => senders.has(host)) && (isInternal || senders.size > 1),
  );
}

/** By prefix: of ten thousand copies of one network each address is compared with one. */
function networksWithPlaces(
  networks: ReadonlyMap<string, readonly Network[]>,
  places: readonly Place[],
): ReadonlyMap<string, Place[]> {
  const known = new Map<Network | Place, Place>(places.map((place) => [place, place]));
  // Of equal prefixes the network comes first, and holds the other.
  const prefixes = [...networks.values()].flatMap(([first]) => first ?? []);
  const found = new Map<string, Place[]>();
  for (const [outer, inner] of overlappingPairs<Network | Place>([...prefixes, ...places])) {
    const place = known.get(inner);
    if (known.has(outer) || place === undefined) continue;
    const prefix = formatPrefix(outer.prefix);
    found.set(prefix, [...(found.get(prefix) ?? []), place]);
  }
  return found;
}

function placesIn({ hosts, gateways }: World, namespace: string): Place[] {
  const places = new Map<string, Place>();
  const add = (place: Place): void => {
    // Of an address that is both, it matters that it is internal.
    const key = formatPrefix(place.prefix);
    const known = places.get(key);
    if (known === undefined || (place.isInternal && !known.isInternal)) places.set(key, place);
  };
  for (const { object } of hosts) {
    if (object.metadata.namespace !== namespace) continue;
    const own = { hosts: [objectKey(namespace, object.metadata.name)] };
    const owner = formatObjectRef(refOf(object));
    const internal = new Set(object.spec.internalAddresses);
    for (const text of new Set([...internalAddresses(object), ...outerAddresses(object)]))
      for (const prefix of hostPrefix(parseAddress(text)))
        add({ ...own, prefix, isInternal: internal.has(text), text: `${text} of ${owner}` });
  }
  for (const { object } of gateways) {
    if (object.metadata.namespace !== namespace) continue;
    const { availability, bgp } = object.spec;
    const before = { hosts: hostKeysOf(object), isInternal: true };
    const owner = formatObjectRef(refOf(object));
    for (const written of availability.virtual?.addresses ?? []) {
      const text = `the virtual address ${written.split('/', 1)[0] ?? ''} of ${owner}`;
      for (const prefix of hostPrefix(parseInterfaceAddress(written)?.address))
        add({ ...before, prefix, text });
    }
    for (const prefix of parsePrefixes(bgp?.nodeRanges ?? []))
      add({
        ...{ ...before, prefix },
        text: `${formatPrefix(prefix)}, from which hosts call ${owner}`,
      });
  }
  return [...places.values()];
}

/** None where it was no address, which is reported elsewhere. */
function hostPrefix(address: Address | undefined): Prefix[] {
  return address === undefined ? [] : [toPrefix(address, widthOf(address.family))];
}

function containsHost({ owner, path, text }: Network, places: readonly Place[]): Problem[] {
  const [first] = places;
  if (first === undefined) return [];
  const others = places.length - 1;
  return [
    problemAt(owner, path, 'network/contains-host', {
      message: `contains ${first.text}${others === 0 ? '' : ` and ${others} more of ours`}: what is sent there would go into the tunnel`,
      value: text,
      hint: 'list only the networks of the remote site',
    }),
  ];
}
