/** Nodes and the gateways before them: who carries tunnels, and whether they reach each other. */
import {
  containsAddress,
  containsPrefix,
  FAMILIES,
  familyOf,
  parseAddress,
  parsePrefix,
  parsePrefixes,
} from '../../lib/prefix.ts';
import type { Problem } from '../../lib/problem.ts';
import { objectKey } from '../declared-objects.ts';
import { encapsulatesNodes, type Gateway } from '../gateway.ts';
import { type Host, internalAddresses } from '../host.ts';
import type { ParsedObject } from '../parsed-object.ts';
import { problemAt } from '../problem-at.ts';
import { overlappingPairs } from './overlapping-pairs.ts';
import type { World } from './world.ts';

export function checkNodes(world: World): Problem[] {
  return [
    ...world.gateways.flatMap((gateway) => [
      ...checkPlacement(world, gateway),
      ...checkDevice(gateway),
      ...checkSame(world, gateway),
    ]),
    ...world.hosts.flatMap((host) => checkRole(world, host)),
    ...world.hosts.flatMap((host) =>
      host.object.spec.role === 'node'
        ? [...checkNode(world, host), ...checkWeight(host)]
        : checkNetworks(host),
    ),
    ...checkFamilies(world),
    ...checkNamespaces(world),
    ...checkOverlaps(world),
  ];
}

function checkPlacement(world: World, gateway: ParsedObject<Gateway>): Problem[] {
  const { metadata, spec } = gateway.object;
  return spec.placement.hosts.flatMap((name, index) => {
    const host = world.objects.hosts.get(objectKey(metadata.namespace, name));
    if (host?.spec.role !== 'node') return [];
    return [
      problemAt(gateway, ['spec', 'placement', 'hosts', index], 'gateway/placed-on-node', {
        message: `Host ${name} is a node, which carries no tunnels`,
        value: name,
        hint: 'name a Host of role: gateway, or remove role: node from this one',
      }),
    ];
  });
}

function checkDevice(gateway: ParsedObject<Gateway>): Problem[] {
  const { nodes } = gateway.object.spec;
  if (nodes === undefined || (nodes.encapsulation === 'device') === (nodes.device !== undefined))
    return [];
  return [
    problemAt(gateway, ['spec', 'nodes'], 'gateway/nodes-device', {
      message:
        nodes.device === undefined
          ? 'encapsulation: device needs the device of the CNI'
          : `encapsulation: ${nodes.encapsulation} uses no device of somebody else's`,
      hint:
        nodes.device === undefined
          ? 'add device: {interface: …, identity: …}'
          : 'set encapsulation: device, or remove device',
    }),
  ];
}

/** A node sends to all gateways of its namespace alike. */
function checkSame(world: World, gateway: ParsedObject<Gateway>): Problem[] {
  const { namespace } = gateway.object.metadata;
  const [first] = world.gateways.filter(({ object }) => object.metadata.namespace === namespace);
  if (first === undefined || nodesOf(first) === nodesOf(gateway)) return [];
  return [
    problemAt(gateway, ['spec', 'nodes'], 'gateway/nodes-differ', {
      message: `Gateway ${first.object.metadata.name} of the same namespace reaches the nodes in another way`,
      hint: 'give both the same nodes',
    }),
  ];
}

/** A VXLAN is of one family, for all of a namespace. */
function checkFamilies({ gateways, hosts }: World): Problem[] {
  return [...Map.groupBy(gateways, ({ object }) => object.metadata.namespace)].flatMap(
    ([namespace, ours]) => {
      const gateway = ours.find(({ object }) => encapsulatesNodes(object));
      const placed = new Set(ours.flatMap(({ object: { spec } }) => spec.placement.hosts));
      const ends = hosts
        .map(({ object }) => object)
        .filter(
          ({ metadata, spec }) =>
            metadata.namespace === namespace && (spec.role === 'node' || placed.has(metadata.name)),
        );
      const lacking = FAMILIES.map((family) => ends.find((host) => !familiesOf(host).has(family)));
      const [withoutIpv4, withoutIpv6] = lacking;
      if (gateway === undefined || withoutIpv4 === undefined || withoutIpv6 === undefined)
        return [];
      return [
        problemAt(gateway, ['spec', 'nodes'], 'gateway/nodes-family', {
          message: `Host ${withoutIpv4.metadata.name} has no internal IPv4 address, and Host ${withoutIpv6.metadata.name} none of IPv6`,
          hint: 'add internalAddresses of one family to all of them',
        }),
      ];
    },
  );
}

/** Ways between gateways and nodes are those of one namespace. */
function checkNamespaces(world: World): Problem[] {
  const first = new Map<string, string>();
  return world.hosts.flatMap((host) => {
    const { namespace, name } = host.object.metadata;
    if (!hasWays(world, host.object)) return [];
    const other = first.get(name) ?? namespace;
    first.set(name, other);
    if (other === namespace) return [];
    return [
      problemAt(host, ['spec', 'role'], 'host/node-of-two-namespaces', {
        message: `leads to gateways or nodes of namespace ${other} already`,
        value: host.object.spec.role,
        hint: 'declare nodes and their gateways in one namespace',
      }),
    ];
  });
}

function hasWays({ hosts, gateways }: World, { metadata, spec }: Host): boolean {
  if (spec.role === 'node') return true;
  const { namespace, name } = metadata;
  return (
    gateways.some(
      ({ object }) =>
        object.metadata.namespace === namespace && object.spec.placement.hosts.includes(name),
    ) &&
    hosts.some(
      ({ object }) =>
        object.metadata.namespace === namespace &&
        object.spec.role === 'node' &&
        object.spec.networks !== undefined,
    )
  );
}

function nodesOf({ object: { spec } }: ParsedObject<Gateway>): string {
  const { encapsulation = 'none', device } = spec.nodes ?? {};
  return [encapsulation, device?.interface, device?.identity].join(' ');
}

/** Several tenants may declare a host. */
function checkRole({ hosts }: World, host: ParsedObject<Host>): Problem[] {
  const { metadata, spec } = host.object;
  const first = hosts.find(({ object }) => object.metadata.name === metadata.name);
  if (first === undefined || first.object.spec.role === spec.role) return [];
  return [
    problemAt(host, ['spec', 'role'], 'host/role-differs', {
      message: `namespace ${first.object.metadata.namespace} declares it as ${first.object.spec.role}`,
      value: spec.role,
      hint: 'give it the same role everywhere',
    }),
  ];
}

function checkWeight(host: ParsedObject<Host>): Problem[] {
  const { weight } = host.object.spec;
  if (weight === undefined) return [];
  return [
    problemAt(host, ['spec', 'weight'], 'host/weight-of-node', {
      message: 'is a node, and nobody sends to remote networks by it',
      value: String(weight),
      hint: 'give it to the Hosts of the Gateway',
    }),
  ];
}

function checkNetworks(host: ParsedObject<Host>): Problem[] {
  if (host.object.spec.networks === undefined) return [];
  return [
    problemAt(host, ['spec', 'networks'], 'host/networks-of-gateway', {
      message: 'is for nodes, and this host can carry tunnels',
      hint: 'set role: node, or give the networks to the Gateway',
    }),
  ];
}

function checkNode(world: World, host: ParsedObject<Host>): Problem[] {
  const { namespace } = host.object.metadata;
  const gateways = world.gateways
    .map(({ object }) => object)
    .filter(({ metadata }) => metadata.namespace === namespace);
  const problems: Problem[] = [];
  if (host.object.spec.shards !== undefined)
    problems.push(
      problemAt(host, ['spec', 'shards'], 'host/shards-of-node', {
        message: 'a node runs no IKE daemon',
        hint: 'remove the shards, or role: node',
      }),
    );
  // What is wrong with a Gateway is said there, not at each node as well.
  if (world.rejected.some((ref) => ref.kind === 'Gateway' && ref.namespace === namespace))
    return problems;
  if (gateways.length === 0)
    problems.push(
      problemAt(host, ['spec', 'role'], 'host/node-without-gateway', {
        message: `namespace ${namespace} has no Gateway by which the node could send`,
        value: 'node',
        hint: 'declare a Gateway in the same namespace',
      }),
    );
  return [
    ...problems,
    ...checkReach(world, host, gateways),
    ...checkLan(world, host, gateways),
    ...checkBehindGateways(host, gateways),
  ];
}

function checkReach(
  world: World,
  host: ParsedObject<Host>,
  gateways: readonly Gateway[],
): Problem[] {
  const { namespace } = host.object.metadata;
  const names = new Set(gateways.flatMap(({ spec }) => spec.placement.hosts));
  const families = familiesOf(host.object);
  return [...names].flatMap((name) => {
    const gateway = world.objects.hosts.get(objectKey(namespace, name));
    if (gateway === undefined || [...familiesOf(gateway)].some((family) => families.has(family)))
      return [];
    return [
      problemAt(host, ['spec', 'addresses'], 'host/node-out-of-reach', {
        message: `has no address of a family in which Host ${name} has an internal one`,
        value: internalAddresses(host.object).join(', '),
        hint: `add internalAddresses of the same family to one of both; ${name} has ${internalAddresses(gateway).join(', ')}`,
      }),
    ];
  });
}

/**
 * Without encapsulation gateways and nodes are in one subnet. Of that only networks are declared: where the gateways have addresses in
 * them, and the node has none, it lies elsewhere.
 */
function checkLan(world: World, host: ParsedObject<Host>, gateways: readonly Gateway[]): Problem[] {
  const { namespace } = host.object.metadata;
  if (gateways.some(encapsulatesNodes)) return [];
  const networks = parsePrefixes(gateways.flatMap(({ spec }) => spec.networks));
  const isWithin = (one: Host): boolean =>
    internalAddresses(one).some((text) => {
      const address = parseAddress(text);
      return address !== undefined && networks.some((each) => containsAddress(each, address));
    });
  const before = gateways
    .flatMap(({ spec }) => spec.placement.hosts)
    .flatMap((name) => world.objects.hosts.get(objectKey(namespace, name)) ?? []);
  if (before.length === 0 || !before.every(isWithin) || isWithin(host.object)) return [];
  return [
    problemAt(host, ['spec', 'addresses'], 'host/node-beside-lan', {
      message: `has no address in the networks of its Gateways, in which ${before[0]?.metadata.name ?? ''} has one: without encapsulation both are in one subnet`,
      value: internalAddresses(host.object).join(', '),
      hint: 'add its address there to addresses, or set encapsulation: vxlan in Gateway.spec.nodes',
    }),
  ];
}

function familiesOf(host: Host): ReadonlySet<number | undefined> {
  return new Set(internalAddresses(host).map((address) => familyOf(address)));
}

function checkBehindGateways(host: ParsedObject<Host>, gateways: readonly Gateway[]): Problem[] {
  const own = parsePrefixes(gateways.flatMap(({ spec }) => spec.networks));
  if (own.length === 0) return [];
  return (host.object.spec.networks ?? []).flatMap((text, index) => {
    const parsed = parsePrefix(text);
    if (!parsed.ok || own.some((network) => containsPrefix(network, parsed.prefix))) return [];
    return [
      problemAt(host, ['spec', 'networks', index], 'host/node-network', {
        message: 'does not lie in the networks of a Gateway of this namespace',
        value: text,
        hint: 'add it to the networks of the Gateway, or remove it here',
      }),
    ];
  });
}

function checkOverlaps({ hosts }: World): Problem[] {
  const networks = hosts.flatMap((host) =>
    (host.object.spec.role === 'node' ? (host.object.spec.networks ?? []) : []).flatMap(
      (text, index) => {
        const parsed = parsePrefix(text);
        return parsed.ok ? { host, text, index, prefix: parsed.prefix } : [];
      },
    ),
  );
  return overlappingPairs(networks)
    .filter(([outer, inner]) => {
      const [one, other] = [outer.host.object.metadata, inner.host.object.metadata];
      return one.namespace === other.namespace && one.name !== other.name;
    })
    .map(([outer, inner]) =>
      problemAt(inner.host, ['spec', 'networks', inner.index], 'host/node-network', {
        message: `overlaps ${outer.text} behind Host ${outer.host.object.metadata.name}`,
        value: inner.text,
        hint: 'give each node networks of its own',
      }),
    );
}
