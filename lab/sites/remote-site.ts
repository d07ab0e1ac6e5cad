// The remote site of the topology `cluster`, as its administrators wrote it down: two tunnel ends and the router behind
// them, all of AS 64512. It knows no Sallyport: to it the cluster is AS 65010 with one network and two gateways.
//
// FRR, user guide: "BGP", "BFD".

import {
  gatewayOuterAddress,
  type PairNumber,
  peerOuterAddress,
  REMOTE_NETWORKS,
} from '../topologies/cluster.ts';
import { tunnelEndSite } from './tunnel-end.ts';

export const CLUSTER_AS = 65010;
export const REMOTE_AS = 64512;

/** Of the tunnel between the gateway and the peer of this number; the peer's end has the first address. */
export const insideAddresses = (
  number: PairNumber,
): Readonly<Record<'peer' | 'gateway', { readonly ipv4: string; readonly ipv6: string }>> => ({
  peer: { ipv4: `169.254.${number * 10}.1`, ipv6: `fd00:${number * 10}::1` },
  gateway: { ipv4: `169.254.${number * 10}.2`, ipv6: `fd00:${number * 10}::2` },
});

/** Of an end of a tunnel, for its interface. */
export function interfaceAddresses({
  ipv4,
  ipv6,
}: {
  readonly ipv4: string;
  readonly ipv6: string;
}): readonly string[] {
  return [`${ipv4}/30`, `${ipv6}/126 nodad`];
}

export function peerTunnel(number: PairNumber): string {
  return tunnelEndSite({
    addresses: [peerOuterAddress(number), gatewayOuterAddress(number)],
    ids: [`peer${number}.example`, `gw${number}.example`],
    start: 'none',
  });
}

/** BFD as FRR has it by itself, 300 ms x 3, or none inside the tunnel: as in a cloud. */
export function peerRouting(number: PairNumber, tunnelBfd: boolean): string {
  const { ipv4, ipv6 } = insideAddresses(number).gateway;
  return `
router bgp ${REMOTE_AS}
 bgp router-id 10.50.0.${10 + number}
 no bgp default ipv4-unicast
 no bgp ebgp-requires-policy
 no bgp network import-check
 neighbor TUNNEL peer-group
 neighbor TUNNEL remote-as ${CLUSTER_AS}
 neighbor TUNNEL timers 10 30
 neighbor TUNNEL timers connect 1
${tunnelBfd ? ' neighbor TUNNEL bfd\n' : ''} neighbor SITE peer-group
 neighbor SITE remote-as ${REMOTE_AS}
 neighbor SITE timers 3 9
 neighbor SITE timers connect 1
 neighbor SITE bfd
 neighbor ${ipv4} peer-group TUNNEL
 neighbor ${ipv6} peer-group TUNNEL
 neighbor 10.50.0.1 peer-group SITE
 neighbor fd50::1 peer-group SITE
 address-family ipv4 unicast
  network ${REMOTE_NETWORKS.ipv4}
  neighbor ${ipv4} activate
  neighbor 10.50.0.1 activate
  neighbor SITE next-hop-self
 exit-address-family
 address-family ipv6 unicast
  network ${REMOTE_NETWORKS.ipv6}
  neighbor ${ipv6} activate
  neighbor fd50::1 activate
  neighbor SITE next-hop-self
 exit-address-family
`;
}

/** One path at a time, that of the peer with the lowest router id first. */
export const CORE_ROUTING: string = `
router bgp ${REMOTE_AS}
 bgp router-id 10.50.0.1
 no bgp default ipv4-unicast
 neighbor SITE peer-group
 neighbor SITE remote-as ${REMOTE_AS}
 neighbor SITE timers 3 9
 neighbor SITE timers connect 1
 neighbor SITE bfd
 neighbor 10.50.0.11 peer-group SITE
 neighbor 10.50.0.12 peer-group SITE
 neighbor fd50::11 peer-group SITE
 neighbor fd50::12 peer-group SITE
 address-family ipv4 unicast
  neighbor 10.50.0.11 activate
  neighbor 10.50.0.12 activate
  maximum-paths ibgp 1
 exit-address-family
 address-family ipv6 unicast
  neighbor fd50::11 activate
  neighbor fd50::12 activate
  maximum-paths ibgp 1
 exit-address-family
`;
