/** On the LAN of a gateway its hosts and the nodes behind it are told apart by their addresses. */
import { canonicalAddress } from '../../lib/canonical-address.ts';
import type { Problem } from '../../lib/problem.ts';
import { objectKey } from '../declared-objects.ts';
import type { Gateway } from '../gateway.ts';
import { type Host, internalAddresses } from '../host.ts';
import type { FieldPath, ParsedObject } from '../parsed-object.ts';
import { problemAt } from '../problem-at.ts';
import { nodesIn, type World } from './world.ts';

/** Another one of the same LAN would get what is meant for it. */
export function checkLans(world: World): Problem[] {
  const told = new Set<string>();
  return world.gateways.flatMap((gateway) => {
    const owners = new Map<string, string>();
    return membersOf(world, gateway).flatMap((host) =>
      internalAddresses(host.object).flatMap((address, index) => {
        const { namespace, name } = host.object.metadata;
        const key = canonicalAddress(address);
        const owner = owners.get(key) ?? name;
        owners.set(key, owner);
        const place = `${objectKey(namespace, name)} ${key}`;
        if (owner === name || told.has(place)) return [];
        told.add(place);
        return [
          problemAt(host, [...fieldOf(host.object), index], 'host/duplicate-address', {
            message: `Host ${owner} has this address as well`,
            value: address,
            hint: 'give each host of a cluster an address of its own',
          }),
        ];
      }),
    );
  });
}

function membersOf(world: World, gateway: ParsedObject<Gateway>): ParsedObject<Host>[] {
  const { metadata, spec } = gateway.object;
  const placed = world.hosts.filter(
    ({ object }) =>
      object.metadata.namespace === metadata.namespace &&
      spec.placement.hosts.includes(object.metadata.name),
  );
  return [...placed, ...nodesIn(world, metadata.namespace)];
}

function fieldOf({ spec }: Host): FieldPath {
  return ['spec', spec.internalAddresses === undefined ? 'addresses' : 'internalAddresses'];
}
