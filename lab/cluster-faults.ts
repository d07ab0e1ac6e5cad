// What befalls the topology `cluster`: the lab asks whether it is survived, the bench how long it takes. Each fault meets the
// gateway or the peer that carries packets towards the remote site, whoever runs there.

import assert from 'node:assert/strict';
import { isDeepStrictEqual } from 'node:util';
import { Announcements, STORM_PREFIXES } from './announcements.ts';
import {
  canHaveDisks,
  endDaemon,
  giveDisk,
  hangDisk,
  killDaemon,
  loseArrivals,
  powerOff,
  stall,
  takeTunnelsDown,
  type Undo,
} from './faults.ts';
import type { Host } from './host.ts';
import { startKeepalivedStranger } from './keepalived-stranger.ts';
import { type Fault, measureOutages, type Outages } from './outage.ts';
import { SECOND_PAIR } from './sites/keepalived-recipe.ts';
import {
  type ClusterLab,
  carriers,
  clusterFlows,
  gatewayInUse,
  REMOTE_NETWORKS,
  splitGateways,
} from './topologies/cluster.ts';
import { until } from './until.ts';

export interface ClusterFault {
  readonly name: string;
  /** What must run on the gateways for it to mean anything; absent: nothing in particular. */
  readonly needs?: string;
  /** 3 if absent: for what may cost packets later than in the moment of the fault. */
  readonly observeSeconds?: number;
  /**
   * `something`: else it has not met the traffic. `nothing in the kernel`: where the kernel does ESP. Absent: it may cost
   * packets.
   */
  readonly costs?: 'something' | 'nothing' | 'nothing in the kernel';
  /** The longest gap; {@link GAP_MILLISECONDS} if absent. */
  readonly atMostMilliseconds?: number;
  /** Shares of what is sent that arrive at least, where it goes on losing packets. */
  readonly delivers?: { readonly outbound: number; readonly inbound: number };
  /** It moves the virtual address of a gateway, or must not. */
  readonly concernsVirtualAddress?: true;
  /** The agent of the gateway that it meets is dead then. */
  readonly endsAgent?: true;
  /** Nobody mends it. */
  readonly isFinal?: true;
  /** Absent: yes, on every kernel. */
  isPossible?(): Promise<boolean>;
  /** Before anything runs. */
  prepare?(lab: ClusterLab): Promise<void>;
  /** Traffic flows while it looks for its target. The fault returns an {@link Undo} where it can be taken back. */
  aim(lab: ClusterLab): Promise<Fault>;
  /** Throws where the gateways have let in what they must not. */
  inspect?(lab: ClusterLab): Promise<void>;
}

/** BFD has worked, and not the end of a hold time of 9 to 30 s: no claim how fast. */
export const GAP_MILLISECONDS = 5_000;

/** For a thousand prefixes, on a busy machine. */
const LEARN_MILLISECONDS = 30_000;

/** A hold time may have to pass before a dead daemon costs anything. */
const KILL_SECONDS = 40;

const killOf = (program: string, more: Partial<ClusterFault> = {}): ClusterFault => ({
  ...{ name: `${program} of the gateway killed`, needs: program, observeSeconds: KILL_SECONDS },
  ...more,
  aim: onGateway((gateway) => killDaemon(gateway, program)),
});

export const GATEWAY_LOSES_POWER: ClusterFault = {
  ...{ name: 'gateway loses power', costs: 'something', concernsVirtualAddress: true },
  aim: onGateway((gateway) => powerOff(gateway)),
};

export const CHARON_KILLED: ClusterFault = killOf('charon-systemd', {
  ...{ costs: 'nothing in the kernel', concernsVirtualAddress: true },
});

/** Of hosts, and of what lies between them. */
export const PATH_FAULTS: readonly ClusterFault[] = [
  GATEWAY_LOSES_POWER,
  {
    ...{ name: 'uplink of the gateway cut', costs: 'something', concernsVirtualAddress: true },
    aim: onLink('uplink'),
  },
  {
    ...{ name: 'LAN of the gateway cut', costs: 'something', concernsVirtualAddress: true },
    aim: onLink('lan'),
  },
  {
    ...{ name: 'gateway without processor for 2 s', concernsVirtualAddress: true },
    observeSeconds: 6,
    aim: onGateway((gateway) => stall(gateway, 2_000)),
  },
  {
    name: '30 % of what reaches the gateway from outside lost',
    ...{ observeSeconds: 10, costs: 'something' },
    // Not even where all of it stays on this path, and BFD ends now and then, may it become an outage.
    ...{ delivers: { outbound: 0.9, inbound: 0.6 }, atMostMilliseconds: 2_000 },
    aim: onGateway((gateway) => loseArrivals(gateway, 'wan', 30)),
  },
  {
    ...{ name: 'gateways split', observeSeconds: 10, concernsVirtualAddress: true },
    aim: (lab) => Promise.resolve(() => splitGateways(lab)),
  },
  {
    ...{ name: 'peer loses power', costs: 'something' },
    aim: onPeer((peer) => powerOff(peer)),
  },
  {
    ...{ name: 'charon of the peer ended, as for maintenance', costs: 'something' },
    ...{ isFinal: true, concernsVirtualAddress: true },
    aim: onPeer((peer) => endDaemon(peer, 'charon-systemd')),
  },
];

/** Of what runs on a gateway. */
export const DAEMON_FAULTS: readonly ClusterFault[] = [
  {
    ...{ name: 'interface of the tunnel taken down', needs: 'bgpd', costs: 'something' },
    aim: onGateway(takeTunnelsDown),
  },
  {
    name: 'disk of the gateway without an answer for 10 s',
    observeSeconds: 12,
    costs: 'nothing',
    isPossible: canHaveDisks,
    prepare: async (lab) => {
      for (const gateway of [lab.host('gw1'), lab.host('gw2')]) await giveDisk(gateway);
    },
    aim: onGateway((gateway) => hangDisk(gateway, 10_000)),
  },
  CHARON_KILLED,
  killOf('bgpd'),
  killOf('bfdd'),
  killOf('keepalived', { concernsVirtualAddress: true }),
  {
    name: "a stranger's VRRP with the same id on the LAN",
    ...{ needs: 'keepalived', observeSeconds: 10, costs: 'nothing', concernsVirtualAddress: true },
    aim: (lab) => Promise.resolve(() => startKeepalivedStranger(lab.host('node2'), SECOND_PAIR)),
  },
  killOf('sallyport.js', { costs: 'nothing', concernsVirtualAddress: true, endsAgent: true }),
];

/** Of what the other side announces. */
export const ROUTE_FAULTS: readonly ClusterFault[] = [
  {
    name: '1,000 prefixes of the peer up and down ten times',
    needs: 'bgpd',
    aim: async (lab) => {
      const announcements = await Announcements.of(lab, (await carriers(lab, 'peers')).outbound);
      return () => announcements.storm(10);
    },
    inspect: async (lab) => {
      const announcements = await Announcements.of(lab, 1);
      const gateways = [lab.host('gw1'), lab.host('gw2')];
      await announcements.come();
      for (const gateway of gateways)
        await until(
          `${gateway.name} learns them`,
          async () => (await learned(gateway, 'ipv4')).length > STORM_PREFIXES,
          LEARN_MILLISECONDS,
        );
      await announcements.go();
      for (const gateway of gateways)
        await until(
          `${gateway.name} knows them no more`,
          async () => isDeepStrictEqual(await learned(gateway, 'ipv4'), [REMOTE_NETWORKS.ipv4]),
          LEARN_MILLISECONDS,
        );
    },
  },
  {
    name: '100,000 prefixes of the peer',
    needs: 'bgpd',
    observeSeconds: 10,
    aim: async (lab) => {
      const announcements = await Announcements.of(lab, (await carriers(lab, 'peers')).outbound);
      return () => announcements.flood();
    },
    inspect: async (lab) => {
      for (const gateway of [lab.host('gw1'), lab.host('gw2')])
        assert.ok(
          (await learned(gateway, 'ipv4')).length < 2_000,
          `${gateway.name} has taken too much`,
        );
    },
  },
  {
    name: 'the other peer announces our network and a default route',
    needs: 'bgpd',
    costs: 'nothing',
    aim: async (lab) => {
      const announcements = await Announcements.of(
        lab,
        (await carriers(lab, 'peers')).outbound === 1 ? 2 : 1,
      );
      return () => announcements.lie();
    },
    inspect: async (lab) => {
      for (const gateway of [lab.host('gw1'), lab.host('gw2')])
        for (const family of ['ipv4', 'ipv6'] as const)
          assert.deepEqual(await learned(gateway, family), [REMOTE_NETWORKS[family]], gateway.name);
    },
  },
];

export const CLUSTER_FAULTS: readonly ClusterFault[] = [
  ...PATH_FAULTS,
  ...DAEMON_FAULTS,
  ...ROUTE_FAULTS,
];

/** What it costs the traffic between workloads, and how to take it back. */
export async function meet(
  lab: ClusterLab,
  fault: ClusterFault,
): Promise<Outages & { readonly undo: Undo }> {
  let undo: Undo = () => Promise.resolve();
  const { observeSeconds } = fault;
  const options = {
    ...clusterFlows(lab),
    ...(observeSeconds === undefined ? {} : { observeSeconds }),
  };
  const outages = await measureOutages(options, async () => {
    const strike = await fault.aim(lab);
    return async () => {
      const result = await strike();
      if (typeof result === 'function') undo = result as Undo;
    };
  });
  return { ...outages, undo: () => undo() };
}

type Aim = ClusterFault['aim'];

function onGateway(act: (gateway: Host) => Promise<unknown>): Aim {
  return async (lab) => {
    const gateway = await gatewayInUse(lab);
    return () => act(gateway);
  };
}

function onPeer(act: (peer: Host) => Promise<unknown>): Aim {
  return async (lab) => {
    const peer = lab.host(`peer${(await carriers(lab, 'peers')).outbound}`);
    return () => act(peer);
  };
}

function onLink(kind: 'uplink' | 'lan'): Aim {
  return async (lab) => {
    const link = lab.link(`${kind}-${(await gatewayInUse(lab)).name}`);
    return async () => {
      await link.cut();
      return () => link.restore();
    };
  };
}

/** Prefixes that BGP has brought into the gateway's kernel. */
export async function learned(gateway: Host, family: 'ipv4' | 'ipv6'): Promise<readonly string[]> {
  const words = await gateway.mustExec('ip', [
    ...[family === 'ipv4' ? '-4' : '-6', '-json', 'route', 'show', 'table', '8305'],
  ]);
  const routes = JSON.parse(words) as readonly { readonly dst: string }[];
  return routes.map(({ dst }) => dst).sort();
}
