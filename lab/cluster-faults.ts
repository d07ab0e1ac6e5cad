// What befalls the topology `cluster`: the lab asks whether it is survived, the bench how long it takes. Each fault meets the
// gateway or the peer that carries packets towards the remote site, whoever runs there.

import assert from 'node:assert/strict';
import { Announcements } from './announcements.ts';
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
import { type Fault, measureOutages, type Outages } from './outage.ts';
import { type ClusterLab, carriers, clusterFlows, splitGateways } from './topologies/cluster.ts';

export interface ClusterFault {
  readonly name: string;
  /** What must run on the gateways for it to mean anything; absent: nothing in particular. */
  readonly needs?: string;
  /** 3 if absent: for what may cost packets later than in the moment of the fault. */
  readonly observeSeconds?: number;
  /** `kernel`: only where the kernel does ESP. Absent: it may cost packets. */
  readonly costsNothing?: true | 'kernel';
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

/** A hold time may have to pass before a dead daemon costs anything. */
const KILL_SECONDS = 40;

const killOf = (program: string, costsNothing?: true | 'kernel'): ClusterFault => ({
  ...{ name: `${program} of the gateway killed`, needs: program, observeSeconds: KILL_SECONDS },
  ...(costsNothing === undefined ? {} : { costsNothing }),
  aim: onGateway((gateway) => killDaemon(gateway, program)),
});

/** Of hosts, and of what lies between them. */
export const PATH_FAULTS: readonly ClusterFault[] = [
  {
    name: 'gateway loses power',
    aim: onGateway((gateway) => powerOff(gateway, ['wan', 'lan'])),
  },
  { name: 'uplink of the gateway cut', aim: onLink('uplink') },
  { name: 'LAN of the gateway cut', aim: onLink('lan') },
  {
    name: 'gateway without processor for 2 s',
    observeSeconds: 6,
    aim: onGateway((gateway) => stall(gateway, 2_000)),
  },
  {
    name: '30 % of what reaches the gateway from outside lost',
    observeSeconds: 10,
    aim: onGateway((gateway) => loseArrivals(gateway, 'wan', 30)),
  },
  {
    name: 'gateways split',
    observeSeconds: 10,
    aim: (lab) => Promise.resolve(() => splitGateways(lab)),
  },
  {
    name: 'peer loses power',
    aim: onPeer((peer) => powerOff(peer, ['wan', 'lan'])),
  },
  {
    name: 'charon of the peer ended, as for maintenance',
    isFinal: true,
    aim: onPeer((peer) => endDaemon(peer, 'charon-systemd')),
  },
];

/** Of what runs on a gateway. */
export const DAEMON_FAULTS: readonly ClusterFault[] = [
  { name: 'interface of the tunnel taken down', needs: 'bgpd', aim: onGateway(takeTunnelsDown) },
  {
    name: 'disk of the gateway without an answer for 10 s',
    observeSeconds: 12,
    costsNothing: true,
    isPossible: canHaveDisks,
    prepare: async (lab) => {
      for (const gateway of [lab.host('gw1'), lab.host('gw2')]) await giveDisk(gateway);
    },
    aim: onGateway((gateway) => hangDisk(gateway, 10_000)),
  },
  killOf('charon-systemd', 'kernel'),
  killOf('bgpd'),
  killOf('bfdd'),
  killOf('keepalived'),
  killOf('sallyport.js', true),
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
        assert.ok((await learned(gateway)).length < 2_000, `${gateway.name} has taken too much`);
    },
  },
  {
    name: 'the other peer announces our network and a default route',
    needs: 'bgpd',
    costsNothing: true,
    aim: async (lab) => {
      const announcements = await Announcements.of(
        lab,
        (await carriers(lab, 'peers')).outbound === 1 ? 2 : 1,
      );
      return () => announcements.lie();
    },
    inspect: async (lab) => {
      for (const gateway of [lab.host('gw1'), lab.host('gw2')])
        assert.deepEqual(await learned(gateway), ['10.50.0.0/16'], gateway.name);
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
    const gateway = lab.host(`gw${(await carriers(lab, 'gateways')).outbound}`);
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
    const link = lab.link(`${kind}-gw${(await carriers(lab, 'gateways')).outbound}`);
    return async () => {
      await link.cut();
      return () => link.restore();
    };
  };
}

/** IPv4 prefixes that BGP has brought into the gateway's kernel. */
async function learned(gateway: Host): Promise<readonly string[]> {
  const words = await gateway.mustExec('ip', ['-json', 'route', 'show', 'table', '8305']);
  const routes = JSON.parse(words) as readonly { readonly dst: string }[];
  return routes.map(({ dst }) => dst).sort();
}
