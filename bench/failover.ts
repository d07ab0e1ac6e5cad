// A gateway, a peer or one of their daemons dies: how long until traffic flows again, and what is lost on the way.
//
// Each run has a network of its own in which nothing has happened yet, and the fault meets the gateway or the peer
// that carries the packets towards the remote site. 250 packets a second go in each direction.

import { readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import {
  CHARON_KILLED,
  CLUSTER_FAULTS,
  type ClusterFault,
  GATEWAY_LOSES_POWER,
  meet,
} from '../lab/cluster-faults.ts';
import type { LabDataPlane } from '../lab/data-plane.ts';
import { endDaemon, powerOff } from '../lab/faults.ts';
import { FrrStranger } from '../lab/frr-stranger.ts';
import type { Host } from '../lab/host.ts';
import { Sallyport } from '../lab/sallyport.ts';
import { CLUSTER_AS } from '../lab/sites/remote-site.ts';
import { startChartRecipe } from '../lab/topologies/chart-recipe.ts';
import {
  type ClusterLab,
  createCluster,
  gatewayInUse,
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

const OURS = 'Sallyport';
const OURS_BY_ADDRESS = 'Sallyport, one address';

const CONTESTANTS: readonly FailoverContestant[] = [
  {
    name: OURS,
    daemons: ['charon-systemd', 'bgpd', 'bfdd', 'sallyport.js'],
    leave: drain,
    start: async (lab, dataPlane) =>
      startSallyportCluster(lab, await startRemoteSite(lab, dataPlane)),
  },
  {
    name: OURS_BY_ADDRESS,
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
  return new Sallyport(gateway).mustRun(['gateway', 'drain', 'edge']);
}

/** RFC 8326. */
async function shutGracefully(gateway: Host): Promise<void> {
  const router = new FrrStranger(gateway, {});
  await router.configure(`router bgp ${CLUSTER_AS}`, 'bgp graceful-shutdown');
  await delay(GRACEFUL_MILLISECONDS);
}

const STOP = 'gateway stopped in order';

/** In order, and then its power is switched off. */
function stopOf({ leave }: FailoverContestant): ClusterFault {
  return {
    name: STOP,
    observeSeconds: 10,
    aim: async (lab) => {
      const gateway = await gatewayInUse(lab);
      return async () => {
        await leave(gateway);
        return powerOff(gateway);
      };
    },
  };
}

const RUNS = 10;
const UNITS = {
  'lost outbound': 'packets',
  'lost inbound': 'packets',
  'gap outbound': 'ms',
  'gap inbound': 'ms',
  'in clear': 'packets',
  'machine stalled': 'ms',
} as const;

type MetricName = keyof typeof UNITS;

/** What Sallyport stays below; in clear nothing may ever leave. */
type Aims = Readonly<Partial<Record<MetricName, number>>>;

/** In user-mode Linux one processor does everything for all hosts. */
async function aimsHere(dataPlane: LabDataPlane): Promise<ReadonlyMap<ClusterFault, Aims>> {
  const inbound = { 'gap inbound': 1_200 };
  const isGuest = (await readFile('/proc/cpuinfo', 'utf8')).includes('User Mode Linux');
  return new Map<ClusterFault, Aims>([
    [GATEWAY_LOSES_POWER, { 'gap outbound': isGuest ? 800 : 500, ...inbound }],
    [
      CHARON_KILLED,
      dataPlane === 'kernel'
        ? { 'lost outbound': 1, ...inbound }
        : { 'gap outbound': 500, ...inbound },
    ],
  ]);
}

/** An address moves by VRRP: it has more time for what gets out. */
const ADDRESS_MILLISECONDS = 800;

function metricsOf(aims: Aims = {}): Contest['metrics'] {
  const all: Aims = { ...aims, 'in clear': 1 };
  return Object.fromEntries(
    Object.entries(UNITS).map(([name, unit]) => {
      const below = all[name as MetricName];
      if (below === undefined) return [name, { unit }];
      const byAddress = name === 'gap outbound' ? ADDRESS_MILLISECONDS : below;
      return [
        name,
        {
          unit,
          aims: [
            { subject: OURS, below },
            { subject: OURS_BY_ADDRESS, below: byAddress },
          ],
        },
      ];
    }),
  );
}

export async function* failoverContests(): AsyncGenerator<Contest, void, undefined> {
  const dataPlane = await dataPlaneHere();
  yield {
    ...{ name: STOP, runs: RUNS, isCold: true },
    metrics: metricsOf({ 'lost outbound': 1, 'lost inbound': 1 }),
    subjects: CONTESTANTS.map((one) => subjectOf(one, stopOf(one), dataPlane)),
  };
  const aims = await aimsHere(dataPlane);
  for (const fault of CLUSTER_FAULTS) {
    if ((await fault.isPossible?.()) === false) continue;
    yield {
      ...{ name: fault.name, runs: RUNS, isCold: true },
      metrics: metricsOf(aims.get(fault)),
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
  const { outbound, inbound, stalledMilliseconds } = await meet(lab, fault);
  return {
    'lost outbound': outbound.lost,
    'lost inbound': inbound.lost,
    'gap outbound': outbound.gapMilliseconds,
    'gap inbound': inbound.gapMilliseconds,
    'in clear': await leakedPackets(lab),
    'machine stalled': stalledMilliseconds,
  };
}
