// The remote site of the topology `cluster`: strangers that end the tunnels and route by BGP and BFD.

import type { LabDataPlane } from '../data-plane.ts';
import { FrrStranger } from '../frr-stranger.ts';
import {
  CORE_ROUTING,
  insideAddresses,
  interfaceAddresses,
  peerRouting,
  peerTunnel,
} from '../sites/remote-site.ts';
import type { Stranger } from '../stranger.ts';
import { startTunnelEnd } from '../tunnel-end.ts';
import { CLUSTER_NETWORKS, type ClusterLab, type PairNumber } from './cluster.ts';

/** A host that ends a tunnel and routes for those behind it. */
export interface RoutedEnd {
  readonly tunnel: Stranger;
  readonly routing: FrrStranger;
}

export interface RemoteSite {
  readonly peers: readonly [RoutedEnd, RoutedEnd];
  readonly core: FrrStranger;
  /** All of them. */
  readonly routers: readonly FrrStranger[];
}

/** Ready to answer when this returns. `tunnelBfd`: it notices by BFD that a gateway died. */
export async function startRemoteSite(
  lab: ClusterLab,
  dataPlane: LabDataPlane,
  tunnelBfd = true,
): Promise<RemoteSite> {
  const core = new FrrStranger(lab.host('core'), { zebra: '', bfdd: '', bgpd: CORE_ROUTING });
  await core.start();
  const peer = (number: PairNumber): Promise<RoutedEnd> =>
    startPeer(lab, number, dataPlane, tunnelBfd);
  const peers = [await peer(1), await peer(2)] as const;
  return { peers, core, routers: [core, ...peers.map(({ routing }) => routing)] };
}

/** The same tunnel ends without BGP. What is for the cluster goes by the second one, but what is for a gateway by its own. */
export async function startPlainSite(lab: ClusterLab, dataPlane: LabDataPlane): Promise<void> {
  for (const number of [1, 2] as const) {
    const host = lab.host(`peer${number}`);
    await startTunnelEnd(host, peerTunnel(number), [], dataPlane);
    await host.ip(
      Object.values(CLUSTER_NETWORKS).map((network) => `route add ${network} dev ipsec0`),
    );
    await lab.host('core').ip([`route add 10.20.0.${number} via 10.50.0.${10 + number}`]);
  }
  await answerBy(lab, 2);
}

/** What is for the cluster goes by this tunnel end. */
export async function answerBy(lab: ClusterLab, number: PairNumber): Promise<void> {
  const { ipv4, ipv6 } = CLUSTER_NETWORKS;
  await lab
    .host('core')
    .ip([
      `route replace ${ipv4} via 10.50.0.${10 + number}`,
      `route replace ${ipv6} via fd50::${10 + number}`,
    ]);
}

async function startPeer(
  lab: ClusterLab,
  number: PairNumber,
  dataPlane: LabDataPlane,
  tunnelBfd: boolean,
): Promise<RoutedEnd> {
  const host = lab.host(`peer${number}`);
  const inside = interfaceAddresses(insideAddresses(number).peer);
  const tunnel = await startTunnelEnd(host, peerTunnel(number), inside, dataPlane);
  const routing = new FrrStranger(host, {
    zebra: '',
    bfdd: '',
    bgpd: peerRouting(number, tunnelBfd),
  });
  await routing.start();
  return { tunnel, routing };
}
