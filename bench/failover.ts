// A gateway, a peer or one of their daemons dies: how long until traffic flows again, and what is lost on the way.
//
// Each run has a network of its own in which nothing has happened yet, and the fault meets the gateway or the peer
// that carries the packets towards the remote site. 250 packets a second go in each direction.

import { setTimeout as delay } from 'node:timers/promises';
import { CLUSTER_FAULTS, type ClusterFault, meet } from '../lab/cluster-faults.ts';
import type { LabDataPlane } from '../lab/data-plane.ts';
import { endDaemon, powerOff } from '../lab/faults.ts';
import type { Host } from '../lab/host.ts';
import { Sallyport } from '../lab/sallyport.ts';
import { CLUSTER_AS } from '../lab/sites/remote-site.ts';
import { startChartRecipe } from '../lab/topologies/chart-recipe.ts';
import {
  type ClusterLab,
  carriers,
  createCluster,
  leakedPackets,
} from '../lab/topologies/cluster.ts';
import { startKeepalivedRecipe } from '../lab/topologies/keepalived-recipe.ts';
import { startPlainCluster } from '../lab/topologies/plain-cluster.ts';
import { startRemoteSite } from '../lab/topologies/remote-site.ts';
import {
  startSallyportCluster,
  startSallyportStandby,
} from '../lab/topologies/sallyport-cluster.ts';
import type { Contest, Measured, Subject } from './contest.ts';
import { dataPlaneHere } from './many-gateway.ts';

/** Somebody's way to join the cluster with the remote site. */
interface FailoverContestant {
  readonly name: string;
  /** What runs on its gateways, and may die there. */
  readonly daemons: readonly string[];
  /** To a gateway that is to be stopped, as its authors mean it; packets may flow by it still. */
  readonly leave: (gateway: Host) => Promise<unknown>;
  /** In a network where nothing runs yet; returns when traffic can flow in both directions. */
  start(lab: ClusterLab, dataPlane: LabDataPlane): Promise<unknown>;
}

const CONTESTANTS: readonly FailoverContestant[] = [
  {
    name: 'Sallyport',
    daemons: ['charon-systemd', 'bgpd', 'bfdd', 'sallyport.js'],
    leave: drain,
    start: async (lab, dataPlane) =>
      startSallyportCluster(lab, await startRemoteSite(lab, dataPlane)),
  },
  {
    name: 'Sallyport, one address',
    daemons: ['charon-systemd', 'keepalived', 'bgpd', 'bfdd', 'sallyport.js'],
    leave: drain,
    start: async (lab, dataPlane) =>
      startSallyportStandby(lab, await startRemoteSite(lab, dataPlane)),
  },
  {
    name: 'keepalived recipe',
    daemons: ['charon-systemd', 'keepalived'],
    leave: (gateway) => endDaemon(gateway, 'keepalived'),
    start: startKeepalivedRecipe,
  },
  {
    name: 'chart recipe',
    daemons: ['charon-systemd', 'bgpd'],
    // As its containers end with the pod.
    leave: async (gateway) => {
      for (const daemon of ['bgpd', 'charon-systemd']) await endDaemon(gateway, daemon);
    },
    start: startChartRecipe,
  },
  {
    name: 'BGP and BFD by hand',
    daemons: ['charon-systemd', 'bgpd', 'bfdd'],
    leave: shutGracefully,
    start: async (lab, dataPlane) => {
      const remote = await startRemoteSite(lab, dataPlane);
      await startPlainCluster(lab, { remote, dataPlane, lanBfdMilliseconds: 100 });
    },
  },
];

/** What an administrator gives the others until they have moved. */
const GRACEFUL_MILLISECONDS = 10_000;

function drain(gateway: Host): Promise<unknown> {
  return new Sallyport(gateway).mustRun(['gateway', 'drain', 'edge'], { timeoutMs: 120_000 });
}

/** RFC 8326. */
async function shutGracefully(gateway: Host): Promise<void> {
  const lines = ['configure terminal', `router bgp ${CLUSTER_AS}`, 'bgp graceful-shutdown'];
  await gateway.mustExec('vtysh', [
    '-N',
    gateway.namespace,
    ...lines.flatMap((line) => ['-c', line]),
  ]);
  await delay(GRACEFUL_MILLISECONDS);
}

const STOP = 'gateway stopped in order';

/** In order, and then its power is switched off. */
function stopOf({ leave }: FailoverContestant): ClusterFault {
  return {
    name: STOP,
    observeSeconds: 10,
    aim: async (lab) => {
      const gateway = lab.host(`gw${(await carriers(lab, 'gateways')).outbound}`);
      return async () => {
        await leave(gateway);
        return powerOff(gateway, ['wan', 'lan']);
      };
    },
  };
}

const RUNS = 10;
const METRICS = {
  'lost outbound': { unit: 'packets' },
  'lost inbound': { unit: 'packets' },
  'gap outbound': { unit: 'ms' },
  'gap inbound': { unit: 'ms' },
  'in clear': { unit: 'packets' },
} as const;

export async function* failoverContests(): AsyncGenerator<Contest, void, undefined> {
  const dataPlane = await dataPlaneHere();
  yield {
    ...{ name: STOP, runs: RUNS, isCold: true },
    metrics: METRICS,
    subjects: CONTESTANTS.map((one) => subjectOf(one, stopOf(one), dataPlane)),
  };
  for (const fault of CLUSTER_FAULTS) {
    if ((await fault.isPossible?.()) === false) continue;
    yield {
      ...{ name: fault.name, runs: RUNS, isCold: true },
      metrics: METRICS,
      subjects: CONTESTANTS.filter(
        ({ daemons }) => fault.needs === undefined || daemons.includes(fault.needs),
      ).map((contestant) => subjectOf(contestant, fault, dataPlane)),
    };
  }
}

function subjectOf(
  contestant: FailoverContestant,
  fault: ClusterFault,
  dataPlane: LabDataPlane,
): Subject {
  return {
    name: contestant.name,
    run: async () => {
      await using lab = await createCluster();
      await fault.prepare?.(lab);
      await contestant.start(lab, dataPlane);
      return await measure(lab, fault);
    },
  };
}

async function measure(lab: ClusterLab, fault: ClusterFault): Promise<Measured> {
  const { outbound, inbound } = await meet(lab, fault);
  return {
    'lost outbound': outbound.lost,
    'lost inbound': inbound.lost,
    'gap outbound': outbound.gapMilliseconds,
    'gap inbound': inbound.gapMilliseconds,
    'in clear': await leakedPackets(lab),
  };
}
