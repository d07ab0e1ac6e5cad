// A cluster with two gateways and three nodes, and a remote site whose two tunnel ends are hosts of their own.
//
//   pod1 - node1 -+        +- gw1 ------------- peer1 -+
//   pod2 - node2 -+ switch +          internet         + core - server
//   pod3 - node3 -+        +- gw2 ------------- peer2 -+
//
// All hosts of the cluster reach the pods of each node, as by a CNI that routes. `core` routes for the remote site; it and
// the peers learn of the cluster by what runs on them, as everybody does of the remote site.

import { setTimeout as delay } from 'node:timers/promises';
import type { Undo } from '../faults.ts';
import type { Host } from '../host.ts';
import type { FlowDeclaration } from '../timed-flow.ts';
import {
  type HostDeclaration,
  Lab,
  type LinkDeclaration,
  type TopologyDeclaration,
} from '../topology.ts';
import { until } from '../until.ts';

export type GatewayName = 'gw1' | 'gw2';
export type NodeName = 'node1' | 'node2' | 'node3';
export type PeerName = 'peer1' | 'peer2';
export type ClusterHost =
  | GatewayName
  | NodeName
  | PeerName
  | 'pod1'
  | 'pod2'
  | 'pod3'
  | 'switch'
  | 'internet'
  | 'core'
  | 'server';

export type ClusterLab = Lab<ClusterHost>;

/** Of the cluster's LAN and its pods, and of the remote site. */
export const CLUSTER_NETWORKS = { ipv4: '10.20.0.0/16', ipv6: 'fd20::/48' } as const;
export const REMOTE_NETWORKS = { ipv4: '10.50.0.0/16', ipv6: 'fd50::/48' } as const;

/** For sniffers on the outside. */
export const CLUSTER_INNER_PREFIXES: readonly string[] = [
  ...Object.values(CLUSTER_NETWORKS),
  ...Object.values(REMOTE_NETWORKS),
];

/** A workload of the remote site. */
export const SERVER = { ipv4: '10.50.1.2', ipv6: 'fd50:0:0:1::2' } as const;

const NUMBERS = [1, 2, 3] as const;
const PAIR = [1, 2] as const;

export type PairNumber = (typeof PAIR)[number];
export type NodeNumber = (typeof NUMBERS)[number];

export const nodeAddress = (number: NodeNumber): string => `10.20.0.${10 + number}`;
export const podAddress = (number: NodeNumber): string => `10.20.${number}.2`;
export const gatewayOuterAddress = (number: PairNumber): string => `198.51.100.${number * 4 - 3}`;
export const peerOuterAddress = (number: PairNumber): string => `203.0.113.${number * 4 - 3}`;

/** Made anew for each case. */
export async function createCluster(): Promise<ClusterLab> {
  const lab = await Lab.create(declaration());
  await lab.host('internet').mustExec('nft', ['-f', '-'], { input: LEAK_RULES });
  return lab;
}

/** The gateways hear each other no more; all others hear both. */
export async function splitGateways(lab: ClusterLab): Promise<Undo> {
  const isolate = (value: 'on' | 'off'): Promise<void> =>
    lab
      .host('switch')
      .ip(['gw1', 'gw2'].map((port) => `link set dev ${port} type bridge_slave isolated ${value}`));
  await isolate('on');
  return () => isolate('off');
}

/** Packets from or to a network of a site that left a gateway in clear: none of them arrives, all of them are counted. */
export async function leakedPackets(lab: ClusterLab): Promise<number> {
  const words = await lab
    .host('internet')
    .mustExec('nft', ['list', 'table', 'netdev', 'lab_leaks']);
  const counts = [...words.matchAll(/packets (\d+)/g)].map(([, count]) => Number(count));
  return counts.reduce((sum, count) => sum + count, 0);
}

/** Between the workload of the first node and that of the remote site. */
export function clusterFlows(
  lab: ClusterLab,
): Readonly<Record<'outbound' | 'inbound', FlowDeclaration>> {
  const [pod, server] = [lab.host('pod1'), lab.host('server')];
  return {
    outbound: { from: pod, to: server, address: SERVER.ipv4, interface: 'eth0' },
    inbound: { from: server, to: pod, address: podAddress(1), interface: 'eth0' },
  };
}

/** Until the first pod hears the server, by these of its addresses. */
export async function untilAnswered(
  lab: ClusterLab,
  addresses: readonly string[] = [SERVER.ipv4],
): Promise<void> {
  for (const address of addresses)
    await until(
      `${address} answers`,
      async () =>
        (await lab.host('pod1').ping(address, { count: 1, waitSeconds: 1 })).received === 1,
      60_000,
    );
}

/** Which of the two gateways or peers carries the traffic of each direction, by what passes in a moment; throws where nothing does. */
export async function carriers(
  lab: ClusterLab,
  of: 'gateways' | 'peers',
): Promise<Readonly<Record<'outbound' | 'inbound', PairNumber>>> {
  const [host, name] =
    of === 'gateways' ? (['switch', 'gw'] as const) : (['core', 'peer'] as const);
  const before = await portCounts(lab, host);
  await delay(CARRIER_MILLISECONDS);
  const after = await portCounts(lab, host);
  const busier = (direction: keyof PortCounts): PairNumber => {
    const [first = 0, second = 0] = PAIR.map((number) => {
      const port = `${name}${number}`;
      return (after.get(port)?.[direction] ?? 0) - (before.get(port)?.[direction] ?? 0);
    });
    if (first === second) throw new Error(`nothing to choose by passes ${host} ${direction}`);
    return first > second ? 1 : 2;
  };
  return of === 'gateways'
    ? { outbound: busier('sent'), inbound: busier('received') }
    : { outbound: busier('received'), inbound: busier('sent') };
}

const CARRIER_MILLISECONDS = 300;

/** The gateway that carries packets towards the remote site. */
export async function gatewayInUse(lab: ClusterLab): Promise<Host> {
  return lab.host(`gw${(await carriers(lab, 'gateways')).outbound}`);
}

/** Bytes by a port of a switch. */
interface PortCounts {
  readonly sent: number;
  readonly received: number;
}

async function portCounts(
  lab: ClusterLab,
  host: 'switch' | 'core',
): Promise<ReadonlyMap<string, PortCounts>> {
  const words = await lab.host(host).mustExec('ip', ['-json', '-statistics', 'link']);
  const links = JSON.parse(words) as readonly {
    readonly ifname: string;
    readonly stats64: Readonly<Record<'rx' | 'tx', { readonly bytes: number }>>;
  }[];
  return new Map(
    links.map(({ ifname, stats64: { rx, tx } }) => [
      ifname,
      { received: rx.bytes, sent: tx.bytes },
    ]),
  );
}

/** Where it comes in from the gateways: `internet` has no route for it, and forwards none. Before what cuts the link. */
const LEAK_RULES = `table netdev lab_leaks {
${PAIR.map((number) => leakChain(`gw${number}`)).join('')}}
`;

function leakChain(device: GatewayName): string {
  const sets = [CLUSTER_NETWORKS, REMOTE_NETWORKS];
  const [ipv4, ipv6] = (['ipv4', 'ipv6'] as const).map((family) =>
    sets.map((networks) => networks[family]).join(', '),
  );
  return `  chain ${device} {
    type filter hook ingress device "${device}" priority -10
    ip saddr { ${ipv4} } counter drop
    ip daddr { ${ipv4} } counter drop
    ip6 saddr { ${ipv6} } counter drop
    ip6 daddr { ${ipv6} } counter drop
  }
`;
}

function declaration(): TopologyDeclaration<ClusterHost> {
  const podRoutes = (except?: NodeNumber): Readonly<Record<string, string>> =>
    Object.fromEntries(
      NUMBERS.filter((number) => number !== except).flatMap((number) => [
        [`10.20.${number}.0/24`, nodeAddress(number)],
        [`fd20:0:0:${number}::/64`, `fd20::${10 + number}`],
      ]),
    );
  const gateway = (number: PairNumber): HostDeclaration => ({
    forwarding: true,
    routes: {
      ...podRoutes(),
      ...{ '0.0.0.0/0': `198.51.100.${number * 4 - 2}`, '::/0': `2001:db8:${number}::2` },
    },
  });
  const peer = (number: PairNumber): HostDeclaration => ({
    forwarding: true,
    routes: {
      ...{ '10.50.1.0/24': '10.50.0.1', 'fd50:0:0:1::/64': 'fd50::1' },
      ...{ '0.0.0.0/0': `203.0.113.${number * 4 - 2}`, '::/0': `2001:db8:${number + 2}::2` },
    },
  });
  const node = (number: NodeNumber): HostDeclaration => ({
    forwarding: true,
    routes: podRoutes(number),
  });
  const pod = (number: NodeNumber): HostDeclaration => ({
    routes: { '0.0.0.0/0': `10.20.${number}.1`, '::/0': `fd20:0:0:${number}::1` },
  });
  return {
    hosts: {
      ...{ gw1: gateway(1), gw2: gateway(2), peer1: peer(1), peer2: peer(2) },
      ...{ node1: node(1), node2: node(2), node3: node(3) },
      ...{ pod1: pod(1), pod2: pod(2), pod3: pod(3) },
      switch: {
        bridges: { lan: { ports: ['gw1', 'gw2', 'node1', 'node2', 'node3'], addresses: [] } },
      },
      internet: { forwarding: true, routes: {} },
      core: {
        forwarding: true,
        bridges: { lan: { ports: ['peer1', 'peer2'], addresses: ['10.50.0.1/24', 'fd50::1/64'] } },
      },
      server: { routes: { '0.0.0.0/0': '10.50.1.1', '::/0': 'fd50:0:0:1::1' } },
    },
    links: [...PAIR.flatMap(pairLinks), ...NUMBERS.flatMap(nodeLinks), SERVER_LINK],
  };
}

/** `uplink-gw1` and `lan-gw1`, `uplink-peer1` and `lan-peer1`, and so on. */
function pairLinks(number: PairNumber): readonly LinkDeclaration[] {
  const [gateway, peer] = [`gw${number}`, `peer${number}`];
  const own = number * 4 - 3;
  return [
    {
      name: `uplink-${gateway}`,
      ends: [
        {
          ...{ host: gateway, interface: 'wan' },
          addresses: [`198.51.100.${own}/30`, `2001:db8:${number}::1/64`],
        },
        {
          ...{ host: 'internet', interface: gateway },
          addresses: [`198.51.100.${own + 1}/30`, `2001:db8:${number}::2/64`],
        },
      ],
    },
    {
      name: `uplink-${peer}`,
      ends: [
        {
          ...{ host: peer, interface: 'wan' },
          addresses: [`203.0.113.${own}/30`, `2001:db8:${number + 2}::1/64`],
        },
        {
          ...{ host: 'internet', interface: peer },
          addresses: [`203.0.113.${own + 1}/30`, `2001:db8:${number + 2}::2/64`],
        },
      ],
    },
    {
      name: `lan-${gateway}`,
      ends: [
        {
          ...{ host: gateway, interface: 'lan' },
          addresses: [`10.20.0.${number}/24`, `fd20::${number}/64`],
        },
        { host: 'switch', interface: gateway, addresses: [] },
      ],
    },
    {
      name: `lan-${peer}`,
      ends: [
        {
          ...{ host: peer, interface: 'lan' },
          addresses: [`10.50.0.${10 + number}/24`, `fd50::${10 + number}/64`],
        },
        { host: 'core', interface: peer, addresses: [] },
      ],
    },
  ];
}

/** `lan-node1` and `pods-node1`, and so on. */
function nodeLinks(number: NodeNumber): readonly LinkDeclaration[] {
  const node = `node${number}`;
  const pods = `fd20:0:0:${number}`;
  return [
    {
      name: `lan-${node}`,
      ends: [
        {
          ...{ host: node, interface: 'lan' },
          addresses: [`${nodeAddress(number)}/24`, `fd20::${10 + number}/64`],
        },
        { host: 'switch', interface: node, addresses: [] },
      ],
    },
    {
      name: `pods-${node}`,
      ends: [
        {
          ...{ host: node, interface: 'pods' },
          addresses: [`10.20.${number}.1/24`, `${pods}::1/64`],
        },
        {
          ...{ host: `pod${number}`, interface: 'eth0' },
          addresses: [`${podAddress(number)}/24`, `${pods}::2/64`],
        },
      ],
    },
  ];
}

const SERVER_LINK: LinkDeclaration = {
  name: 'servers',
  ends: [
    { host: 'core', interface: 'servers', addresses: ['10.50.1.1/24', 'fd50:0:0:1::1/64'] },
    { host: 'server', interface: 'eth0', addresses: ['10.50.1.2/24', 'fd50:0:0:1::2/64'] },
  ],
};
