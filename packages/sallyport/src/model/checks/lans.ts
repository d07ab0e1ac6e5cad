/** On the LAN of a gateway its hosts, the nodes behind it and virtual addresses are told apart by their addresses. */
import { canonicalAddress } from '../../lib/canonical-address.ts';
import {
  containsAddress,
  formatPrefix,
  parseAddress,
  parseInterfaceAddress,
} from '../../lib/prefix.ts';
import type { Problem } from '../../lib/problem.ts';
import { objectKey } from '../declared-objects.ts';
import type { Gateway } from '../gateway.ts';
import { type Host, internalAddresses } from '../host.ts';
import type { FieldPath, ParsedObject } from '../parsed-object.ts';
import { problemAt } from '../problem-at.ts';
import type { World } from './world.ts';

export function checkLans(world: World): Problem[] {
  return [
    ...checkOwners(world),
    ...world.gateways.flatMap((gateway) => checkVirtual(world, gateway)),
  ];
}

/** Another one of the same LAN would get what is meant for it. */
function checkOwners(world: World): Problem[] {
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

/** Nodes send to virtual addresses, as to a next hop, where no VXLAN lies between. */
function checkVirtual(world: World, gateway: ParsedObject<Gateway>): Problem[] {
  const { availability, nodes } = gateway.object.spec;
  const isNextHop = (nodes?.encapsulation ?? 'none') === 'none';
  const behind = nodesOf(world, gateway).map(({ object }) => object);
  return (availability.virtual?.addresses ?? []).flatMap((text, index) => {
    const parsed = parseInterfaceAddress(text);
    if (parsed === undefined) return [];
    const { address, subnet } = parsed;
    return behind.flatMap((host) => {
      const own = internalAddresses(host)
        .flatMap((each) => parseAddress(each) ?? [])
        .filter(({ family }) => family === address.family);
      const isTaken = own.some(({ value }) => value === address.value);
      const isOff =
        isNextHop && own.length > 0 && !own.some((each) => containsAddress(subnet, each));
      if (!isTaken && !isOff) return [];
      const path = ['spec', 'availability', 'virtual', 'addresses', index];
      return [
        problemAt(gateway, path, 'gateway/virtual-address', {
          message: isTaken
            ? `is an address of Host ${host.metadata.name} itself`
            : `Host ${host.metadata.name} is a node, would send to it, and has no address in ${formatPrefix(subnet)}`,
          value: text,
          hint: isTaken
            ? 'use an address that no host has'
            : 'use an address on the LAN of the nodes',
        }),
      ];
    });
  });
}

function membersOf(world: World, gateway: ParsedObject<Gateway>): ParsedObject<Host>[] {
  const { metadata, spec } = gateway.object;
  const placed = world.hosts.filter(
    ({ object }) =>
      object.metadata.namespace === metadata.namespace &&
      spec.placement.hosts.includes(object.metadata.name),
  );
  return [...placed, ...nodesOf(world, gateway)];
}

function nodesOf({ hosts }: World, gateway: ParsedObject<Gateway>): ParsedObject<Host>[] {
  const { namespace } = gateway.object.metadata;
  return hosts.filter(
    ({ object: { metadata, spec } }) => metadata.namespace === namespace && spec.role === 'node',
  );
}

function fieldOf({ spec }: Host): FieldPath {
  return ['spec', spec.internalAddresses === undefined ? 'addresses' : 'internalAddresses'];
}
