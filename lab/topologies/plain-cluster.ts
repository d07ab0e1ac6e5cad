// The cluster's side of the topology `cluster` by hand: strangers as gateways and nodes.

import type { LabDataPlane } from '../data-plane.ts';
import { FrrStranger } from '../frr-stranger.ts';
import type { Host } from '../host.ts';
import { gatewayRouting, gatewayTunnel, lanBfd, nodeRouting } from '../sites/plain-cluster.ts';
import { insideAddresses, interfaceAddresses } from '../sites/remote-site.ts';
import { startTunnelEnd } from '../tunnel-end.ts';
import { until } from '../until.ts';
import { type ClusterLab, podAddress, SERVER, untilAnswered } from './cluster.ts';
import type { RemoteSite } from './remote-site.ts';

export interface PlainClusterOptions {
  readonly remote: RemoteSite;
  readonly dataPlane: LabDataPlane;
  /** Between gateways and nodes; 300 if absent, which a busy machine can keep. */
  readonly lanBfdMilliseconds?: number;
}

/**
 * On both gateways and the first node. Returns when traffic of both families goes through the first gateway and the first
 * peer, whose router ids are lowest, and BFD is up everywhere.
 */
export async function startPlainCluster(
  lab: ClusterLab,
  { remote, dataPlane, lanBfdMilliseconds = 300 }: PlainClusterOptions,
): Promise<void> {
  const bfdd = lanBfd(lanBfdMilliseconds);
  const routers: FrrStranger[] = [];
  for (const number of [1, 2] as const) {
    const host = lab.host(`gw${number}`);
    const inside = interfaceAddresses(insideAddresses(number).gateway);
    await startTunnelEnd(host, gatewayTunnel(number), inside, dataPlane);
    routers.push(new FrrStranger(host, { zebra: '', bfdd, bgpd: gatewayRouting(number) }));
  }
  routers.push(new FrrStranger(lab.host('node1'), { zebra: '', bfdd, bgpd: nodeRouting(1) }));
  for (const router of routers) await router.start();
  await untilCarried(lab, remote, routers, 30_000);
}

/** With every BFD up, traffic of both families goes through the first gateway and the first peer. */
export async function untilCarried(
  lab: ClusterLab,
  remote: RemoteSite,
  routers: readonly FrrStranger[],
  bfdMilliseconds: number,
): Promise<void> {
  for (const router of [...routers, ...remote.routers]) await router.untilFastBfd(bfdMilliseconds);
  await untilAnswered(lab, Object.values(SERVER));
  await until(
    'traffic goes through the first gateway and the first peer',
    async () =>
      (await nextHop(lab.host('node1'), SERVER.ipv4)) === '10.20.0.1' &&
      (await nextHop(lab.host('core'), podAddress(1))) === '10.50.0.11',
    30_000,
  );
}

async function nextHop(host: Host, address: string): Promise<string | undefined> {
  return / via (\S+) /.exec(await host.mustExec('ip', ['route', 'get', address]))?.[1];
}
