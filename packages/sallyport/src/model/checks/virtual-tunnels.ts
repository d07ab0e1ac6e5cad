/** Tunnels on virtual addresses: each host of the gateway can come to have one, and only one of them has it. */
import { familyOf } from '../../lib/prefix.ts';
import type { Problem } from '../../lib/problem.ts';
import type { Connection } from '../connection.ts';
import { objectKey } from '../declared-objects.ts';
import { encapsulatesNodes, type Gateway, virtualAddresses } from '../gateway.ts';
import { isOnVirtualAddress } from '../hosts-of-tunnel.ts';
import type { FieldPath, ParsedObject } from '../parsed-object.ts';
import { problemAt } from '../problem-at.ts';
import type { Tunnel } from '../tunnel.ts';
import { endpointsOf } from './endpoints.ts';
import { gatewayOf, hostsOf, nodesIn, type World } from './world.ts';

export function checkVirtualTunnels(world: World): Problem[] {
  const places = placesIn(world);
  const moving = places.filter(isMoving);
  if (moving.length === 0) return [];
  return [
    ...moving.flatMap((place) => [
      ...checkHost(place),
      ...checkConnection(place),
      ...checkNodes(world, place),
    ]),
    ...checkIdentities(world, places),
  ];
}

interface Place {
  readonly connection: ParsedObject<Connection>;
  readonly gateway: Gateway;
  readonly tunnel: Tunnel;
  readonly path: FieldPath;
}

function placesIn(world: World): Place[] {
  return world.connections.flatMap((connection) => {
    const gateway = gatewayOf(world, connection.object);
    if (gateway === undefined) return [];
    return connection.object.spec.tunnels.map((tunnel, index) => ({
      ...{ connection, gateway, tunnel, path: ['spec', 'tunnels', index] },
    }));
  });
}

function isMoving({ gateway, tunnel }: Place): boolean {
  return isOnVirtualAddress(gateway, tunnel);
}

const FOR_EACH = 'addresses of the hosts, in a tunnel for each of them';

function problem(
  { connection, gateway, tunnel }: Place,
  field: FieldPath,
  message: string,
  { value, hint }: { readonly value: string; readonly hint: string },
): Problem {
  const where = `${tunnel.local.address ?? ''} is a virtual address of Gateway ${gateway.metadata.name}`;
  return problemAt(connection, field, 'tunnel/virtual-address', {
    message: `${where}: ${message}`,
    ...{ value, hint },
  });
}

function checkHost(place: Place): Problem[] {
  const { path, tunnel } = place;
  if (tunnel.host === undefined) return [];
  return [
    problem(place, [...path, 'host'], 'the tunnel is with whichever host holds it', {
      value: tunnel.host,
      hint: 'remove host, or use an address that is always of this host',
    }),
  ];
}

function checkConnection(place: Place): Problem[] {
  const { start, routing } = place.connection.object.spec;
  const problems: Problem[] = [];
  if (start !== 'initiate')
    problems.push(
      problem(
        place,
        ['spec', 'start'],
        'who takes it over has to begin, since the other side knows nothing of that',
        { value: start, hint: `set start: initiate, or use ${FOR_EACH}` },
      ),
    );
  if (routing.bgp !== undefined)
    problems.push(
      problem(place, ['spec', 'routing', 'bgp'], 'no session of BGP moves with it', {
        value: `asn ${routing.bgp.asn}`,
        hint: `use routing.static, or ${FOR_EACH}`,
      }),
    );
  return problems;
}

/** A node that cannot send to the virtual address sends to all hosts of the gateway, also to those that drop it. */
function checkNodes(world: World, place: Place): Problem[] {
  const { connection, gateway, tunnel, path } = place;
  if (nodesIn(world, gateway.metadata.namespace).length === 0) return [];
  if (encapsulatesNodes(gateway))
    return [
      problem(
        place,
        [...path, 'local', 'address'],
        'inside of VXLAN nodes cannot send to it, and would send to hosts without the tunnel',
        {
          value: tunnel.local.address ?? '',
          hint: `use ${FOR_EACH}, or nodes without encapsulation where the fabric passes foreign addresses`,
        },
      ),
    ];
  const families = new Set(virtualAddresses(gateway).map((address) => familyOf(address)));
  return (connection.object.spec.routing.static?.networks ?? []).flatMap((network, index) => {
    const family = familyOf(network);
    if (family === undefined || families.has(family)) return [];
    return [
      problem(
        place,
        ['spec', 'routing', 'static', 'networks', index],
        `there is none of IPv${family}, and nodes would send to hosts without the tunnel`,
        {
          value: network,
          hint: `add an IPv${family} address to virtual.addresses, or use ${FOR_EACH}`,
        },
      ),
    ];
  });
}

/**
 * Who takes the address over says INITIAL_CONTACT, for which the other side drops every IKE SA of these two identities
 * (RFC 7296 §2.4). And our own daemon does not say it where another SA of theirs is up.
 */
function checkIdentities(world: World, places: readonly Place[]): Problem[] {
  const enabled = places.filter(
    ({ connection }) => connection.object.spec.adminState === 'enabled',
  );
  const named = enabled.flatMap((place) => {
    const [host] = hostsOf(world, place.connection.object, place.tunnel);
    if (host === undefined) return [];
    const { localId, remoteId } = endpointsOf(place.connection.object, place.tunnel, host);
    return [{ place, identities: `${localId} <-> ${remoteId}` }];
  });
  return [...Map.groupBy(named, ({ identities }) => identities).values()].flatMap((same) =>
    same.flatMap(({ place, identities }) => {
      const other = same.find((each) => each.place !== place)?.place;
      if (other === undefined || !isMoving(place)) return [];
      const { namespace, name } = other.connection.object.metadata;
      return [
        problem(
          place,
          place.path,
          `with the same identities ${objectKey(namespace, name)} tunnel ${other.tunnel.name} would end when it moves`,
          { value: identities, hint: 'give one of them another local.id or remote.id' },
        ),
      ];
    }),
  );
}
