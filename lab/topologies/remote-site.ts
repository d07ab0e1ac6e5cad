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
import type { ClusterLab, PairNumber } from './cluster.ts';

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
