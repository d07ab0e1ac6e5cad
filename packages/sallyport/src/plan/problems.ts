/** What planning refuses or warns of: what only shows once hosts and their abilities are known. */
import { overlaps, parsePrefixes } from '../lib/prefix.ts';
import type { ObjectRef, Problem } from '../lib/problem.ts';
import type { Connection } from '../model/connection.ts';
import type { Gateway } from '../model/gateway.ts';
import { refOf } from '../model/objects.ts';
import { remoteNetworks } from '../model/routing.ts';
import type { DataPlaneChoice } from './data-plane.ts';
import type { TunnelPlan } from './host-plan.ts';
import { IPV6_MINIMUM_MTU, type TunnelMtu, USERSPACE_MTU } from './mtu.ts';
import type { RoutedTunnel } from './routing.ts';

/** Every one names an object, its field, the value there and the way out. */
export type PlanProblem = Required<Omit<Problem, 'source'>>;

export interface PlannedParts {
  readonly plan: TunnelPlan;
  readonly gateway: Gateway;
  readonly connection: Connection;
  readonly hostName: string;
  /** Data planes that the host offers. */
  readonly offered: readonly string[];
  readonly choice: DataPlaneChoice;
  readonly mtu: TunnelMtu;
}

/** What is wrong with one tunnel by itself. */
export function findTunnelProblems(parts: PlannedParts): PlanProblem[] {
  return [
    ...dataPlaneProblems(parts),
    ...trapProblems(parts),
    ...tooLargeProblems(parts),
    ...notEnforcedProblems(parts),
    ...ipv6Problems(parts),
  ];
}

function dataPlaneProblems({
  plan,
  gateway,
  hostName,
  offered,
  choice,
}: PlannedParts): PlanProblem[] {
  if (choice.obstacle === undefined) return [];
  const problem = {
    code: 'plan/data-plane-unavailable',
    severity: 'error',
    object: refOf(gateway),
    path: 'spec.dataPlane',
    value: gateway.spec.dataPlane,
  } as const;
  if (choice.obstacle === 'needs-fixed-addresses') {
    const write = 'write the addresses of both ends';
    return [
      {
        ...problem,
        message: `tunnel ${labelOf(plan)} cannot have this data plane: a VTI needs fixed addresses at both ends`,
        hint: offered.length > 1 ? `set it to auto, or ${write}` : write,
      },
    ];
  }
  if (choice.obstacle === 'needs-interface') {
    return [
      {
        ...problem,
        message: `tunnel ${labelOf(plan)} cannot have this data plane: BGP needs an interface, and a policy has none`,
        hint: 'use a host with XFRM interfaces, VTI or ESP in user space, and dataPlane: auto',
      },
    ];
  }
  if (choice.obstacle === 'not-in-shard') {
    const ways = ["give the tunnel an address of the host's own network namespace"];
    if (offered.includes('xfrm-interface')) ways.unshift('set it to xfrm-interface');
    return [
      {
        ...problem,
        message: `tunnel ${labelOf(plan)} cannot have this data plane in shard ${plan.shard ?? ''}: only an XFRM interface leads from the host into another network namespace`,
        hint: ways.join(', or '),
      },
    ];
  }
  return [
    {
      ...problem,
      message: `tunnel ${labelOf(plan)} cannot have this data plane on host ${hostName}, which offers ${offered.join(', ') || 'none'}`,
      hint:
        offered.length === 0
          ? 'give the host a kernel with ESP, or strongSwan with kernel-libipsec'
          : `set it to ${['auto', ...offered].join(' or ')}`,
    },
  ];
}

function trapProblems({ plan, connection }: PlannedParts): PlanProblem[] {
  if (plan.dataPlane !== 'userspace' || plan.start !== 'trap') return [];
  return [
    {
      code: 'plan/trap-in-userspace',
      severity: 'error',
      object: refOf(connection),
      path: 'spec.start',
      value: plan.start,
      message: `the first packet cannot start tunnel ${plan.tunnel}, whose ESP is in user space`,
      hint: 'use start: initiate',
    },
  ];
}

function tooLargeProblems({ plan, gateway, mtu }: PlannedParts): PlanProblem[] {
  if (mtu.bytes <= mtu.ceilingBytes) return [];
  return [
    {
      code: 'plan/mtu-too-large',
      severity: 'warning',
      object: refOf(gateway),
      path: 'spec.mtu',
      value: String(mtu.bytes),
      message: `packets of this size do not fit tunnel ${labelOf(plan)}: at most ${mtu.ceilingBytes} bytes do`,
      hint: 'use mtu: auto',
    },
  ];
}

/** The TUN device of libipsec serves all tunnels, and its size cannot be set. */
function notEnforcedProblems({ plan, gateway, mtu }: PlannedParts): PlanProblem[] {
  const { mtu: wanted } = gateway.spec;
  if (plan.dataPlane !== 'userspace' || wanted === 'auto' || wanted >= USERSPACE_MTU) return [];
  return [
    {
      code: 'plan/mtu-not-enforced',
      severity: 'warning',
      object: refOf(gateway),
      path: 'spec.mtu',
      value: String(wanted),
      message: `ESP in user space takes packets of up to ${USERSPACE_MTU} bytes into tunnel ${labelOf(plan)}: only TCP is kept to ${mtu.bytes}`,
      hint: 'use a host whose kernel has ESP, or mtu: auto',
    },
  ];
}

function ipv6Problems({ plan, gateway, connection, hostName, mtu }: PlannedParts): PlanProblem[] {
  const { field, networks } = remoteNetworks(connection.spec.routing);
  const network = networks.find((prefix) => prefix.includes(':'));
  if (mtu.bytes >= IPV6_MINIMUM_MTU || network === undefined) return [];
  const isChosen = mtu.ceilingBytes >= IPV6_MINIMUM_MTU;
  return [
    {
      code: 'plan/mtu-below-ipv6',
      severity: 'error',
      ...(isChosen
        ? { object: refOf(gateway), path: 'spec.mtu', value: String(mtu.bytes) }
        : {
            object: refOf(connection),
            path: ['spec.routing', ...field].join('.'),
            value: network,
          }),
      message: `an inner MTU of ${mtu.bytes} bytes in tunnel ${labelOf(plan)} cannot carry IPv6, which needs ${IPV6_MINIMUM_MTU}`,
      hint: isChosen
        ? `use mtu: auto, or ${IPV6_MINIMUM_MTU} or more`
        : `raise the MTU of the underlay of host ${hostName}, which is ${mtu.underlayBytes}, or carry IPv4 only`,
    },
  ];
}

/** What is wrong between the tunnels of one host. */
export function findHostProblems(routed: readonly RoutedTunnel[]): PlanProblem[] {
  const tunnels = routed.map(({ tunnel }) => tunnel);
  return [
    ...findCollisions(tunnels),
    ...findSharedVtis(tunnels),
    ...findMixedEngines(routed),
    ...findSharedSelectors(routed),
    ...findLargeShards(routed),
  ];
}

/**
 * Connections on one IKE daemon. It looks through all of them at each handshake: with 5,000 a handshake
 * costs it 5 ms of CPU, more than bringing them all up after a failure leaves it.
 */
export const MOST_CONNECTIONS = 2_500;

function findLargeShards(routed: readonly RoutedTunnel[]): PlanProblem[] {
  const byDaemon = Map.groupBy(
    routed.filter(({ tunnel }) => tunnel.enabled),
    ({ tunnel }) => tunnel.shard,
  );
  return [...byDaemon].flatMap(([shard, [first, ...others]]) => {
    const count = others.length + 1;
    if (first === undefined || count <= MOST_CONNECTIONS) return [];
    return [
      {
        code: 'plan/shard-too-large',
        severity: 'error',
        object: refOf(first.host),
        path: shard === undefined ? 'spec.addresses' : 'spec.shards',
        value: shard ?? 'no shard',
        message: `${String(count)} tunnels end in one IKE daemon, which can have ${String(MOST_CONNECTIONS)}`,
        hint: 'declare a further shard with an address of its own, and give tunnels that address as local.address',
      },
    ];
  });
}

/** Ids are 32 bits of a hash: two names may meet, and then one of them must change. */
function findCollisions(tunnels: readonly TunnelPlan[]): PlanProblem[] {
  const byId = new Map<number, TunnelPlan>();
  const problems: PlanProblem[] = [];
  for (const tunnel of tunnels) {
    if (tunnel.interfaceId === undefined) continue;
    const other = byId.get(tunnel.interfaceId);
    if (other === undefined) {
      byId.set(tunnel.interfaceId, tunnel);
      continue;
    }
    problems.push({
      code: 'plan/interface-id-collision',
      severity: 'error',
      object: connectionOf(tunnel),
      path: 'spec.tunnels',
      value: tunnel.tunnel,
      message: `the name of this tunnel gives the same interface id as ${labelOf(other)}`,
      hint: 'give the tunnel another name',
    });
  }
  return problems;
}

/** The kernel has one VTI for a pair of outer addresses, whatever its key. */
function findSharedVtis(tunnels: readonly TunnelPlan[]): PlanProblem[] {
  const byPair = new Map<string, TunnelPlan>();
  const problems: PlanProblem[] = [];
  for (const tunnel of tunnels) {
    if (tunnel.dataPlane !== 'vti' || !tunnel.enabled) continue;
    const pair = `${tunnel.localAddress ?? ''} -> ${tunnel.remoteAddress ?? ''}`;
    const other = byPair.get(pair);
    if (other === undefined) {
      byPair.set(pair, tunnel);
      continue;
    }
    problems.push({
      code: 'plan/vti-address-pair',
      severity: 'error',
      object: connectionOf(tunnel),
      path: 'spec.tunnels',
      value: pair,
      message: `tunnel ${labelOf(other)} has the only VTI that can be between these addresses`,
      hint: 'give one of them another address, or set dataPlane of the Gateway to xfrm-interface or policy',
    });
  }
  return problems;
}

/** With kernel-libipsec charon has no other way to install an SA: it is all of them or none. */
function findMixedEngines(routed: readonly RoutedTunnel[]): PlanProblem[] {
  const enabled = routed.filter(({ tunnel }) => tunnel.enabled && tunnel.shard === undefined);
  const inUserSpace = enabled.find(({ tunnel }) => tunnel.dataPlane === 'userspace');
  const inKernel = enabled.find(({ tunnel }) => tunnel.dataPlane !== 'userspace');
  if (inUserSpace === undefined || inKernel === undefined) return [];
  return [
    {
      code: 'plan/data-plane-unavailable',
      severity: 'error',
      object: refOf(inUserSpace.gateway),
      path: 'spec.dataPlane',
      value: inUserSpace.gateway.spec.dataPlane,
      message: `tunnel ${labelOf(inUserSpace.tunnel)} makes the daemon do all ESP in user space, and tunnel ${labelOf(inKernel.tunnel)} of the same host needs it in the kernel`,
      hint: 'use userspace for all tunnels of a host, or for none',
    },
  ];
}

/** Which of two tunnels a learned route leads into does not matter on their one device: the selectors decide. */
function findSharedSelectors(routed: readonly RoutedTunnel[]): PlanProblem[] {
  const placed = routed
    .filter(({ tunnel }) => tunnel.enabled && tunnel.dataPlane === 'userspace')
    .map(({ tunnel, gateway }) => {
      const selectors = tunnel.children.flatMap(({ remoteSelectors }) => remoteSelectors);
      return { tunnel, gateway, prefixes: parsePrefixes(selectors) };
    });
  return placed.flatMap(({ tunnel, gateway, prefixes }, index) => {
    const other = placed
      .slice(0, index)
      .find(
        (earlier) =>
          [tunnel, earlier.tunnel].some(({ learned }) => learned !== undefined) &&
          prefixes.some((prefix) => earlier.prefixes.some((each) => overlaps(prefix, each))),
      );
    if (other === undefined) return [];
    return {
      code: 'plan/data-plane-unavailable',
      severity: 'error',
      object: refOf(gateway),
      path: 'spec.dataPlane',
      value: gateway.spec.dataPlane,
      message: `tunnel ${labelOf(tunnel)} leads to networks of ${labelOf(other.tunnel)} on the same host, and in user space BGP cannot choose between the two`,
      hint: 'use a host whose kernel has XFRM interfaces or VTI, place the tunnels on different hosts, or accept networks that do not overlap',
    };
  });
}

/** One prefix, two tunnels: not wrong, but the second one will carry nothing of it. */
export function idleForPrefix(
  tunnel: TunnelPlan,
  prefix: string,
  carrier: TunnelPlan,
): PlanProblem {
  return {
    code: 'plan/several-tunnels-one-prefix',
    severity: 'warning',
    object: connectionOf(tunnel),
    path: 'spec.routing.static.networks',
    value: prefix,
    message: `tunnel ${tunnel.tunnel} stays idle for this network: tunnel ${labelOf(carrier)} carries it`,
    hint: 'remove one of the tunnels, or give each a connection with networks of its own',
  };
}

function connectionOf({ namespace, connection }: TunnelPlan): ObjectRef {
  return { kind: 'Connection', namespace, name: connection };
}

function labelOf({ namespace, connection, tunnel }: TunnelPlan): string {
  return `${namespace}/${connection}/${tunnel}`;
}
