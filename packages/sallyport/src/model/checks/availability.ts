/** Hosts of a gateway that hold virtual addresses in turn. */
import {
  containsAddress,
  formatAddress,
  formatPrefix,
  parseAddress,
  parseInterfaceAddress,
} from '../../lib/prefix.ts';
import type { Problem } from '../../lib/problem.ts';
import { objectKey } from '../declared-objects.ts';
import { type Gateway, virtualAddresses } from '../gateway.ts';
import { internalAddresses } from '../host.ts';
import type { FieldPath, ParsedObject } from '../parsed-object.ts';
import { problemAt } from '../problem-at.ts';
import type { World } from './world.ts';

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

/** VRRP speaks between own addresses on the LAN of the virtual ones. */
function checkLan(world: World, gateway: ParsedObject<Gateway>): Problem[] {
  const { metadata, spec } = gateway.object;
  const hosts = spec.placement.hosts.flatMap(
    (name) => world.objects.hosts.get(objectKey(metadata.namespace, name)) ?? [],
  );
  return (spec.availability.virtual?.addresses ?? []).flatMap((text, index) => {
    const parsed = parseInterfaceAddress(text);
    if (parsed === undefined) return [];
    const { address, subnet } = parsed;
    return hosts.flatMap((host) => {
      const own = internalAddresses(host).flatMap((each) => parseAddress(each) ?? []);
      const onLan = own.filter((each) => containsAddress(subnet, each));
      const isTaken = onLan.some(({ value }) => value === address.value);
      if (onLan.length > 0 && !isTaken) return [];
      return [
        problemAt(gateway, [...VIRTUAL, 'addresses', index], 'gateway/virtual-address', {
          message: isTaken
            ? `is an address of Host ${host.metadata.name} itself`
            : `Host ${host.metadata.name} has no internal address in ${formatPrefix(subnet)}`,
          value: text,
          hint: isTaken
            ? 'use an address that no host has'
            : `add its address on that LAN to internalAddresses of the Host, such as one beside ${formatAddress(address)}`,
        }),
      ];
    });
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
