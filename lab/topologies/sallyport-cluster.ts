// The cluster's side of the topology `cluster` by Sallyport: both gateways, with nodes of ours behind them, or one of a
// stranger's that calls them.

import { CLUSTER, CLUSTER_STANDBY, VIRTUAL_ADDRESSES } from '../declarations/cluster.ts';
import { FrrStranger } from '../frr-stranger.ts';
import { Sallyport } from '../sallyport.ts';
import { lanBfd, nodeRouting } from '../sites/plain-cluster.ts';
import { TUNNEL_SECRET } from '../sites/tunnel-end.ts';
import { until } from '../until.ts';
import {
  type ClusterLab,
  type GatewayName,
  type NodeName,
  type PairNumber,
  REMOTE_NETWORKS,
  SERVER,
  untilAnswered,
} from './cluster.ts';
import { untilCarried } from './plain-cluster.ts';
import type { RemoteSite } from './remote-site.ts';

/** As our gateways have it. */
const LAN_BFD_MILLISECONDS = 100;
const NODES = [1, 2, 3] as const;

/**
 * Returns when traffic of both families goes through the first gateway and the first peer, whose router ids are lowest,
 * and BFD is up everywhere.
 */
export async function startSallyportCluster(
  lab: ClusterLab,
  remote: RemoteSite,
  declarations: string = CLUSTER,
): Promise<readonly [Sallyport, Sallyport]> {
  const gateways = [
    await startGateway(lab, 1, declarations),
    await startGateway(lab, 2, declarations),
  ] as const;
  const node = new FrrStranger(lab.host('node1'), {
    ...{ zebra: '', bfdd: lanBfd(LAN_BFD_MILLISECONDS), bgpd: nodeRouting(1) },
  });
  await node.start();
  await untilCarried(lab, remote, [node], 60_000);
  return gateways;
}

/** As above, and nodes send to an address that one of the gateways holds. */
export async function startSallyportStandby(
  lab: ClusterLab,
  remote: RemoteSite,
): Promise<readonly [Sallyport, Sallyport]> {
  const gateways = [
    await startGateway(lab, 1, CLUSTER_STANDBY),
    await startGateway(lab, 2, CLUSTER_STANDBY),
  ] as const;
  await lab
    .host('node1')
    .ip([
      `route add ${REMOTE_NETWORKS.ipv4} via ${VIRTUAL_ADDRESSES.ipv4}`,
      `route add ${REMOTE_NETWORKS.ipv6} via ${VIRTUAL_ADDRESSES.ipv6}`,
    ]);
  for (const router of remote.routers) await router.untilFastBfd(60_000);
  await untilAnswered(lab, Object.values(SERVER));
  return gateways;
}

export interface SallyportCluster {
  readonly gateways: readonly [Sallyport, Sallyport];
  readonly nodes: readonly Sallyport[];
}

/** With Sallyport on all nodes: returns when each of them sends by both gateways, and traffic of both families flows. */
export async function startSallyportNodes(
  lab: ClusterLab,
  remote: Pick<RemoteSite, 'routers'>,
  declarations: string = CLUSTER,
): Promise<SallyportCluster> {
  const gateways = [
    await startGateway(lab, 1, declarations),
    await startGateway(lab, 2, declarations),
  ] as const;
  const nodes: Sallyport[] = [];
  // One after the other: five of them at once keep a guest busy for longer.
  for (const number of NODES) nodes.push(await startHost(lab, `node${number}`, declarations));
  for (const router of remote.routers) await router.untilFastBfd(60_000);
  for (const node of nodes)
    await until(`${node.host.name} sends by both gateways`, () => hasBothGateways(node), 120_000);
  await untilAnswered(lab, Object.values(SERVER));
  return { gateways, nodes };
}

/** For both families. */
export async function hasBothGateways({ host }: Sallyport): Promise<boolean> {
  const objects = await host.mustExec('ip', ['nexthop', 'show', 'protocol', '83']);
  const groups = objects.match(/ group \S+\/\S+ /g) ?? [];
  return groups.length === 2;
}

async function startGateway(
  lab: ClusterLab,
  number: PairNumber,
  declarations: string,
): Promise<Sallyport> {
  const gateway = await startHost(lab, `gw${number}`, declarations);
  await gateway.untilUp('site');
  return gateway;
}

async function startHost(
  lab: ClusterLab,
  name: GatewayName | NodeName,
  declarations: string,
): Promise<Sallyport> {
  const host = new Sallyport(lab.host(name));
  const file = await host.declare('cluster', declarations, { key: TUNNEL_SECRET });
  await host.startAgent();
  await host.mustRun(['apply', '-f', file, '--host', name]);
  return host;
}
