// The cluster's side of the topology `cluster` by hand: strangers as gateways and nodes.

import type { LabDataPlane } from '../data-plane.ts';
import { FrrStranger } from '../frr-stranger.ts';
import type { Host } from '../host.ts';
import { gatewayRouting, gatewayTunnel, nodeRouting } from '../sites/plain-cluster.ts';
import { insideAddresses, interfaceAddresses } from '../sites/remote-site.ts';
import { startTunnelEnd } from '../tunnel-end.ts';
import { until } from '../until.ts';
import {
  type ClusterLab,
  type NodeNumber,
  type PairNumber,
  podAddress,
  SERVER,
  untilAnswered,
} from './cluster.ts';
import { type RemoteSite, type RoutedEnd, routed } from './remote-site.ts';

export interface PlainCluster {
  readonly gateways: readonly [RoutedEnd, RoutedEnd];
  readonly nodes: readonly FrrStranger[];
}

/**
 * With nodes from the first one on. Returns when traffic of both families goes through the first gateway and the first
 * peer, whose router ids are lowest, and BFD is up everywhere.
 */
export async function startPlainCluster(
  lab: ClusterLab,
  remote: RemoteSite,
  nodes: readonly NodeNumber[],
  dataPlane: LabDataPlane,
): Promise<PlainCluster> {
  const gateways = [
    await startGateway(lab, 1, dataPlane),
    await startGateway(lab, 2, dataPlane),
  ] as const;
  const routers: FrrStranger[] = [];
  for (const number of nodes) {
    const router = new FrrStranger(lab.host(`node${number}`), routed(nodeRouting(number)));
    await router.start();
    routers.push(router);
  }
  const ends = [...remote.peers, ...gateways].map(({ routing }) => routing);
  for (const router of [remote.core, ...ends, ...routers])
    await until(`BFD of ${router.host.name} is up`, () => router.hasFastBfd(), 30_000);
  await untilAnswered(lab, Object.values(SERVER));
  await until(
    'traffic goes through the first gateway and the first peer',
    async () =>
      (await nextHop(lab.host('node1'), SERVER.ipv4)) === '10.20.0.1' &&
      (await nextHop(lab.host('core'), podAddress(1))) === '10.50.0.11',
    30_000,
  );
  return { gateways, nodes: routers };
}

async function startGateway(
  lab: ClusterLab,
  number: PairNumber,
  dataPlane: LabDataPlane,
): Promise<RoutedEnd> {
  const host = lab.host(`gw${number}`);
  const inside = interfaceAddresses(insideAddresses(number).gateway);
  const tunnel = await startTunnelEnd(host, gatewayTunnel(number), inside, dataPlane);
  const routing = new FrrStranger(host, routed(gatewayRouting(number)));
  await routing.start();
  return { tunnel, routing };
}

async function nextHop(host: Host, address: string): Promise<string | undefined> {
  return / via (\S+) /.exec(await host.mustExec('ip', ['route', 'get', address]))?.[1];
}
