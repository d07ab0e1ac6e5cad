// The cluster's side of the topology `cluster` by Sallyport: both gateways, and a node of a stranger's that calls them.

import { CLUSTER } from '../declarations/cluster.ts';
import { FrrStranger } from '../frr-stranger.ts';
import { Sallyport } from '../sallyport.ts';
import { lanBfd, nodeRouting } from '../sites/plain-cluster.ts';
import { TUNNEL_SECRET } from '../sites/tunnel-end.ts';
import { until } from '../until.ts';
import { type ClusterLab, type PairNumber, podAddress, SERVER, untilAnswered } from './cluster.ts';
import { nextHop } from './plain-cluster.ts';
import type { RemoteSite } from './remote-site.ts';

/** As our gateways have it. */
const LAN_BFD_MILLISECONDS = 100;

/**
 * Returns when traffic of both families goes through the first gateway and the first peer, whose router ids are lowest,
 * and BFD is up everywhere.
 */
export async function startSallyportCluster(lab: ClusterLab, remote: RemoteSite): Promise<void> {
  await startGateway(lab, 1);
  await startGateway(lab, 2);
  const node = new FrrStranger(lab.host('node1'), {
    ...{ zebra: '', bfdd: lanBfd(LAN_BFD_MILLISECONDS), bgpd: nodeRouting(1) },
  });
  await node.start();
  for (const router of [node, remote.core, ...remote.peers.map(({ routing }) => routing)])
    await until(`BFD of ${router.host.name} is up`, () => router.hasFastBfd(), 60_000);
  await untilAnswered(lab, Object.values(SERVER));
  await until(
    'traffic goes through the first gateway and the first peer',
    async () =>
      (await nextHop(lab.host('node1'), SERVER.ipv4)) === '10.20.0.1' &&
      (await nextHop(lab.host('core'), podAddress(1))) === '10.50.0.11',
    30_000,
  );
}

async function startGateway(lab: ClusterLab, number: PairNumber): Promise<void> {
  const gateway = new Sallyport(lab.host(`gw${number}`));
  const file = await gateway.declare('cluster', CLUSTER, { key: TUNNEL_SECRET });
  await gateway.startAgent();
  await gateway.mustRun(['apply', '-f', file, '--host', `gw${number}`], { timeoutMs: 60_000 });
  await gateway.untilUp('site');
}
