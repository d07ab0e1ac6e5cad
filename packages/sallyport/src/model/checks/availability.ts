/** Hosts of a gateway that hold virtual addresses in turn. */
import {
  type Address,
  containsAddress,
  formatAddress,
  formatPrefix,
  parseAddress,
  parseInterfaceAddress,
} from '../../lib/prefix.ts';
import type { Problem } from '../../lib/problem.ts';
import { objectKey } from '../declared-objects.ts';
import { encapsulatesNodes, type Gateway, virtualAddresses } from '../gateway.ts';
import { type Host, internalAddresses } from '../host.ts';
import type { FieldPath, ParsedObject } from '../parsed-object.ts';
import { problemAt } from '../problem-at.ts';
import { nodesIn, type World } from './world.ts';

const VIRTUAL: FieldPath = ['spec', 'availability', 'virtual'];

export function checkAvailability(world: World): Problem[] {
  return world.gateways.flatMap((gateway) => [
    ...checkMode(gateway),
    ...checkLan(world, gateway),
    ...checkRouterId(world, gateway),
    ...checkVirtualAddresses(world, gateway),
  ]);
}

function checkMode(gateway: ParsedObject<Gateway>): Problem[] {
  const { mode, virtual } = gateway.object.spec.availability;
  if ((mode === 'active-standby') === (virtual !== undefined)) return [];
  return [
    problemAt(gateway, ['spec', 'availability'], 'gateway/availability', {
      message:
        virtual === undefined
          ? 'active-standby needs the virtual addresses that one of the hosts holds'
          : 'with active-active no host holds an address for the others',
      hint: virtual === undefined ? 'add virtual' : 'set mode: active-standby, or remove virtual',
    }),
  ];
}

/**
 * VRRP speaks between own addresses on the LAN of the virtual ones, and nodes send to these, as to a next hop, where no VXLAN
 * lies between.
 */
function checkLan(world: World, gateway: ParsedObject<Gateway>): Problem[] {
  const { metadata, spec } = gateway.object;
  const placed = spec.placement.hosts.flatMap(
    (name) => world.objects.hosts.get(objectKey(metadata.namespace, name)) ?? [],
  );
  const nodes = nodesIn(world, metadata.namespace).map(({ object }) => object);
  const senders = encapsulatesNodes(gateway.object) ? [] : nodes;
  return (spec.availability.virtual?.addresses ?? []).flatMap((text, index) => {
    const parsed = parseInterfaceAddress(text);
    if (parsed === undefined) return [];
    const { address, subnet } = parsed;
    const ownOf = (host: Host): Address[] =>
      internalAddresses(host)
        .flatMap((each) => parseAddress(each) ?? [])
        .filter(({ family }) => family === address.family);
    const isOnLan = (host: Host): boolean =>
      ownOf(host).some((own) => containsAddress(subnet, own));
    const problem = (message: string, hint: string): Problem =>
      problemAt(gateway, [...VIRTUAL, 'addresses', index], 'gateway/virtual-address', {
        ...{ message, value: text, hint },
      });
    return [
      ...[...placed, ...nodes]
        .filter((host) => ownOf(host).some(({ value }) => value === address.value))
        .map((host) =>
          problem(
            `is an address of Host ${host.metadata.name} itself`,
            'use an address that no host has',
          ),
        ),
      ...placed
        .filter((host) => !isOnLan(host))
        .map((host) =>
          problem(
            `Host ${host.metadata.name} has no internal address in ${formatPrefix(subnet)}`,
            `add its address on that LAN to internalAddresses of the Host, such as one beside ${formatAddress(address)}`,
          ),
        ),
      ...senders
        .filter((host) => ownOf(host).length > 0 && !isOnLan(host))
        .map((host) =>
          problem(
            `Host ${host.metadata.name} is a node, would send to it, and has no address in ${formatPrefix(subnet)}`,
            'use an address on the LAN of the nodes',
          ),
        ),
    ];
  });
}

/** RFC 5798 §1.6: one id is one virtual router of the LAN. */
function checkRouterId(world: World, gateway: ParsedObject<Gateway>): Problem[] {
  const { virtual } = gateway.object.spec.availability;
  if (virtual === undefined) return [];
  const other = world.gateways
    .slice(0, world.gateways.indexOf(gateway))
    .find(({ object: { spec } }) => {
      const theirs = spec.availability.virtual;
      const isSame =
        theirs?.routerId === virtual.routerId && theirs.interface === virtual.interface;
      return isSame && spec.placement.hosts.some((host) => isPlacedOn(gateway, host));
    });
  if (other === undefined) return [];
  return [
    problemAt(gateway, [...VIRTUAL, 'routerId'], 'gateway/duplicate-router-id', {
      message: `Gateway ${other.object.metadata.name} has this id on the same interface`,
      value: String(virtual.routerId),
      hint: 'choose one that nothing on that LAN uses',
    }),
  ];
}

/** Of gateways on one LAN; private addresses of different sites may be equal. */
function checkVirtualAddresses(world: World, gateway: ParsedObject<Gateway>): Problem[] {
  const { namespace } = gateway.object.metadata;
  const before = world.gateways.slice(0, world.gateways.indexOf(gateway));
  return virtualAddresses(gateway.object).flatMap((address, index) => {
    const other = before.find(
      (each) =>
        (each.object.metadata.namespace === namespace ||
          each.object.spec.placement.hosts.some((host) => isPlacedOn(gateway, host))) &&
        virtualAddresses(each.object).includes(address),
    );
    if (other === undefined) return [];
    return [
      problemAt(gateway, [...VIRTUAL, 'addresses', index], 'gateway/duplicate-virtual-address', {
        message: `Gateway ${other.object.metadata.name} holds it as well`,
        value: address,
        hint: 'give each gateway an address of its own',
      }),
    ];
  });
}

function isPlacedOn({ object }: ParsedObject<Gateway>, host: string): boolean {
  return object.spec.placement.hosts.includes(host);
}
