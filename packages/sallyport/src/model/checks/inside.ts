/** Addresses inside tunnels: each pair by itself, and all of one host together. */
import { canonicalAddress } from '../../lib/canonical-address.ts';
import {
  containsAddress,
  formatAddress,
  formatPrefix,
  overlaps,
  type Prefix,
  parseAddress,
  parseInterfaceAddress,
  widthOf,
} from '../../lib/prefix.ts';
import type { Problem } from '../../lib/problem.ts';
import type { Connection } from '../connection.ts';
import type { FieldPath, ParsedObject } from '../parsed-object.ts';
import { problemAt } from '../problem-at.ts';
import type { InsidePair } from '../tunnel.ts';
import { hostsOf, type World } from './world.ts';

export function checkInside(world: World): Problem[] {
  const places = world.connections.flatMap((connection) =>
    connection.object.spec.tunnels.flatMap((tunnel, number) =>
      (tunnel.inside ?? []).map((pair, index): Place => {
        const hosts = hostsOf(world, connection.object, tunnel);
        return {
          ...{ connection, pair, path: ['spec', 'tunnels', number, 'inside', index] },
          hosts: hosts.map(({ metadata }) => metadata.name),
          label: `${connection.object.metadata.name} tunnel ${tunnel.name}`,
          isFirstOfFamily: tunnel.inside?.findIndex((other) => isSameFamily(other, pair)) === index,
        };
      }),
    ),
  );
  return [...places.flatMap(checkPair), ...checkSubnets(places)];
}

interface Place {
  readonly connection: ParsedObject<Connection>;
  readonly path: FieldPath;
  readonly pair: InsidePair;
  /** Names of those that carry it; none where that is not clear. */
  readonly hosts: readonly string[];
  readonly label: string;
  readonly isFirstOfFamily: boolean;
}

function isSameFamily(a: InsidePair, b: InsidePair): boolean {
  const family = ({ local }: InsidePair) => parseInterfaceAddress(local)?.address.family;
  return family(a) === family(b);
}

function checkPair({ connection, path, pair, isFirstOfFamily }: Place): Problem[] {
  const local = parseInterfaceAddress(pair.local);
  const remote = parseAddress(pair.remote);
  if (local === undefined || remote === undefined) return [];
  const { address, subnet } = local;
  const fault = (field: string, value: string, message: string, hint: string): Problem[] => [
    problemAt(connection, [...path, field], 'tunnel/inside-pair', { message, value, hint }),
  ];
  if (!isFirstOfFamily)
    return fault(
      'local',
      pair.local,
      `is the second pair of IPv${address.family}`,
      'give one pair for each address family',
    );
  if (remote.family !== address.family)
    return fault(
      'remote',
      pair.remote,
      `is not of the family of ${pair.local}`,
      'give both ends addresses of one family',
    );
  if (remote.value === address.value)
    return fault('remote', pair.remote, 'is our own address', 'write that of the other end');
  const isAlone = subnet.length === widthOf(address.family);
  if (isAlone || containsAddress(subnet, remote)) return [];
  return fault(
    'remote',
    pair.remote,
    `does not lie in ${formatPrefix(subnet)}, the subnet of our end`,
    `correct one of them, or write ${formatAddress(address)}/${widthOf(address.family)} where the ends share no subnet`,
  );
}

/** Two interfaces with one subnet, or one other end: the kernel would send to either of them. */
function checkSubnets(places: readonly Place[]): Problem[] {
  const seen: (Pick<Place, 'hosts' | 'label'> & {
    readonly subnet: Prefix;
    readonly end: string;
  })[] = [];
  return places.flatMap(({ connection, path, pair, hosts, label }) => {
    const subnet = parseInterfaceAddress(pair.local)?.subnet;
    if (subnet === undefined) return [];
    const end = canonicalAddress(pair.remote);
    const beside = seen.filter((each) => each.hosts.some((host) => hosts.includes(host)));
    const other = beside.find((each) => overlaps(each.subnet, subnet));
    const sameEnd = beside.findLast((each) => each.end === end);
    seen.push({ hosts, subnet, end, label });
    if (other === undefined && sameEnd !== undefined)
      return [
        problemAt(connection, [...path, 'remote'], 'tunnel/inside-overlap', {
          message: `is the other end inside ${sameEnd.label} on the same host, too`,
          value: pair.remote,
          hint: 'give each tunnel another one',
        }),
      ];
    if (other === undefined) return [];
    return [
      problemAt(connection, [...path, 'local'], 'tunnel/inside-overlap', {
        message: `overlaps ${formatPrefix(other.subnet)} inside ${other.label} on the same host`,
        value: pair.local,
        hint: 'give each tunnel a subnet of its own',
      }),
    ];
  });
}
