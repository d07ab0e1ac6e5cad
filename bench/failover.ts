// A gateway, a peer or one of their daemons dies: how long until traffic flows again, and what is lost on the way.
//
// Each run has a network of its own in which nothing has happened yet, and the fault meets the gateway or the peer
// that carries the packets towards the remote site. 250 packets a second go in each direction.

import type { LabDataPlane } from '../lab/data-plane.ts';
import { killDaemon, loseArrivals, powerOff, stall } from '../lab/faults.ts';
import { type Fault, measureOutages } from '../lab/outage.ts';
import { startChartRecipe } from '../lab/topologies/chart-recipe.ts';
import {
  type ClusterLab,
  carriers,
  clusterFlows,
  createCluster,
  leakedPackets,
  splitGateways,
} from '../lab/topologies/cluster.ts';
import { startKeepalivedRecipe } from '../lab/topologies/keepalived-recipe.ts';
import { startPlainCluster } from '../lab/topologies/plain-cluster.ts';
import { startRemoteSite } from '../lab/topologies/remote-site.ts';
import { startSallyportCluster } from '../lab/topologies/sallyport-cluster.ts';
import type { Contest, Measured, Subject } from './contest.ts';
import { dataPlaneHere } from './many-gateway.ts';

/** Somebody's way to join the cluster with the remote site. */
interface FailoverContestant {
  readonly name: string;
  /** What runs on its gateways, and may die there. */
  readonly daemons: readonly string[];
  /** BGP of it wants an interface for each tunnel: kernel ESP. */
  readonly needsInterfaces?: true;
  /** In a network where nothing runs yet; returns when traffic can flow in both directions. */
  start(lab: ClusterLab, dataPlane: LabDataPlane): Promise<unknown>;
}

const CONTESTANTS: readonly FailoverContestant[] = [
  {
    name: 'Sallyport',
    daemons: ['charon-systemd', 'bgpd', 'bfdd'],
    needsInterfaces: true,
    start: async (lab, dataPlane) =>
      startSallyportCluster(lab, await startRemoteSite(lab, dataPlane)),
  },
  {
    name: 'keepalived recipe',
    daemons: ['charon-systemd', 'keepalived'],
    start: startKeepalivedRecipe,
  },
  { name: 'chart recipe', daemons: ['charon-systemd', 'bgpd'], start: startChartRecipe },
  {
    name: 'BGP and BFD by hand',
    daemons: ['charon-systemd', 'bgpd', 'bfdd'],
    start: async (lab, dataPlane) => {
      const remote = await startRemoteSite(lab, dataPlane);
      await startPlainCluster(lab, { remote, dataPlane, lanBfdMilliseconds: 100 });
    },
  },
];

/** A hold time may have to pass before a dead daemon costs anything. */
const KILL_SECONDS = 40;

interface FaultDeclaration {
  readonly name: string;
  /** The daemon that it kills: for contestants that run it. */
  readonly daemon?: string;
  /** Traffic flows while it looks for its target. */
  aim(lab: ClusterLab): Promise<Fault>;
  /** 3 if absent: for what may cost packets later than in the moment of the fault. */
  readonly observeSeconds?: number;
}

const FAULTS: readonly FaultDeclaration[] = [
  {
    name: 'gateway loses power',
    aim: async (lab) => {
      const gateway = await gatewayInUse(lab);
      return () => powerOff(gateway, ['wan', 'lan']);
    },
  },
  {
    name: 'uplink of the gateway cut',
    aim: async (lab) => {
      const link = lab.link(`uplink-${(await gatewayInUse(lab)).name}`);
      return () => link.cut();
    },
  },
  {
    name: 'LAN of the gateway cut',
    aim: async (lab) => {
      const link = lab.link(`lan-${(await gatewayInUse(lab)).name}`);
      return () => link.cut();
    },
  },
  {
    name: 'gateway without processor for 2 s',
    observeSeconds: 6,
    aim: async (lab) => {
      const gateway = await gatewayInUse(lab);
      return () => stall(gateway, 2_000);
    },
  },
  {
    name: '30 % of what reaches the gateway from outside lost',
    observeSeconds: 10,
    aim: async (lab) => {
      const gateway = await gatewayInUse(lab);
      return () => loseArrivals(gateway, 'wan', 30);
    },
  },
  {
    name: 'gateways split',
    observeSeconds: 10,
    aim: (lab) => Promise.resolve(() => splitGateways(lab)),
  },
  {
    name: 'peer loses power',
    aim: async (lab) => {
      const peer = lab.host(`peer${(await carriers(lab, 'peers')).outbound}`);
      return () => powerOff(peer, ['wan', 'lan']);
    },
  },
];

const KILLS: readonly FaultDeclaration[] = ['charon-systemd', 'bgpd', 'bfdd', 'keepalived'].map(
  (daemon) => ({
    name: `${daemon} of the gateway killed`,
    daemon,
    observeSeconds: KILL_SECONDS,
    aim: async (lab) => {
      const gateway = await gatewayInUse(lab);
      return () => killDaemon(gateway, daemon);
    },
  }),
);

const RUNS = 10;

export async function* failoverContests(): AsyncGenerator<Contest, void, undefined> {
  const dataPlane = await dataPlaneHere();
  for (const fault of [...FAULTS, ...KILLS]) {
    yield {
      ...{ name: fault.name, runs: RUNS, isCold: true },
      metrics: {
        'lost outbound': { unit: 'packets' },
        'lost inbound': { unit: 'packets' },
        'gap outbound': { unit: 'ms' },
        'gap inbound': { unit: 'ms' },
        'in clear': { unit: 'packets' },
      },
      subjects: CONTESTANTS.filter(
        ({ daemons, needsInterfaces }) =>
          (fault.daemon === undefined || daemons.includes(fault.daemon)) &&
          (needsInterfaces !== true || dataPlane === 'kernel'),
      ).map((contestant) => subjectOf(contestant, fault, dataPlane)),
    };
  }
}

function subjectOf(
  contestant: FailoverContestant,
  fault: FaultDeclaration,
  dataPlane: LabDataPlane,
): Subject {
  return {
    name: contestant.name,
    run: async () => {
      await using lab = await createCluster();
      await contestant.start(lab, dataPlane);
      return await measure(lab, fault);
    },
  };
}

async function measure(lab: ClusterLab, fault: FaultDeclaration): Promise<Measured> {
  const options = {
    ...clusterFlows(lab),
    ...(fault.observeSeconds === undefined ? {} : { observeSeconds: fault.observeSeconds }),
  };
  const { outbound, inbound } = await measureOutages(options, () => fault.aim(lab));
  return {
    'lost outbound': outbound.lost,
    'lost inbound': inbound.lost,
    'gap outbound': outbound.gapMilliseconds,
    'gap inbound': inbound.gapMilliseconds,
    'in clear': await leakedPackets(lab),
  };
}

async function gatewayInUse(lab: ClusterLab): Promise<ReturnType<ClusterLab['host']>> {
  return lab.host(`gw${(await carriers(lab, 'gateways')).outbound}`);
}
