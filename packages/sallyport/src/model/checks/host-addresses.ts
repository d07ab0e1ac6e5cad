/**
 * Remote networks against the addresses of our own hosts. They are looked up before the main table, so a host inside of one
 * would be sent for through a tunnel, or found unreachable, by gateways and nodes alike.
 */
import {
  formatPrefix,
  type Prefix,
  parseAddress,
  parseInterfaceAddress,
  parsePrefixes,
  toPrefix,
  widthOf,
} from '../../lib/prefix.ts';
import { formatObjectRef, type Problem } from '../../lib/problem.ts';
import { internalAddresses, outerAddresses } from '../host.ts';
import { refOf } from '../objects.ts';
import { problemAt } from '../problem-at.ts';
import { isDefault, type Network, remoteNetworks } from './networks.ts';
import { overlappingPairs } from './overlapping-pairs.ts';
import type { World } from './world.ts';

interface Place {
  readonly prefix: Prefix;
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
    return [...networksWithPlaces(networks, placesIn(world, namespace))].flatMap(
      ([prefix, places]) =>
        (networks.get(prefix) ?? []).map((network) => containsHost(network, places)),
    );
  });
}

/** By prefix: of ten thousand copies of one network each address is compared with one. */
function networksWithPlaces(
  networks: ReadonlyMap<string, readonly Network[]>,
  places: readonly Place[],
): ReadonlyMap<string, Place[]> {
  const isPlace = new Set<unknown>(places);
  // Of equal prefixes the network comes first, and holds the other.
  const prefixes = [...networks.values()].flatMap(([first]) => first ?? []);
  const found = new Map<string, Place[]>();
  for (const [outer, inner] of overlappingPairs<Place>([...prefixes, ...places])) {
    if (isPlace.has(outer) || !isPlace.has(inner)) continue;
    const prefix = formatPrefix(outer.prefix);
    found.set(prefix, [...(found.get(prefix) ?? []), inner]);
  }
  return found;
}

function placesIn({ hosts, gateways }: World, namespace: string): Place[] {
  const places = new Map<string, Place>();
  const add = (prefix: Prefix, text: string): void => {
    const key = formatPrefix(prefix);
    if (!places.has(key)) places.set(key, { prefix, text });
  };
  for (const { object } of hosts) {
    if (object.metadata.namespace !== namespace) continue;
    for (const text of [...internalAddresses(object), ...outerAddresses(object)]) {
      const address = parseAddress(text);
      if (address !== undefined)
        add(
          toPrefix(address, widthOf(address.family)),
          `${text} of ${formatObjectRef(refOf(object))}`,
        );
    }
  }
  for (const { object } of gateways) {
    if (object.metadata.namespace !== namespace) continue;
    const { availability, bgp } = object.spec;
    const owner = formatObjectRef(refOf(object));
    for (const text of availability.virtual?.addresses ?? []) {
      const address = parseInterfaceAddress(text)?.address;
      if (address !== undefined)
        add(
          toPrefix(address, widthOf(address.family)),
          `the virtual address ${text.split('/', 1)[0] ?? ''} of ${owner}`,
        );
    }
    for (const range of parsePrefixes(bgp?.nodeRanges ?? []))
      add(range, `${formatPrefix(range)}, from which hosts call ${owner}`);
  }
  return [...places.values()];
}

function containsHost({ owner, path, text }: Network, places: readonly Place[]): Problem {
  const [first] = places;
  const others = places.length - 1;
  return problemAt(owner, path, 'network/contains-host', {
    message: `contains ${first?.text ?? ''}${others === 0 ? '' : ` and ${others} more of ours`}: what is sent there would go into the tunnel`,
    value: text,
    hint: 'list only the networks of the remote site',
  });
}
