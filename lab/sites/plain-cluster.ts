// Gateways and nodes of the topology `cluster` with BGP and BFD, as an administrator would write them down who has
// time: what is possible with strongSwan and FRR alone, for one network and two tunnels.

import {
  CLUSTER_NETWORKS,
  gatewayOuterAddress,
  type NodeNumber,
  nodeAddress,
  type PairNumber,
  peerOuterAddress,
} from '../topologies/cluster.ts';
import { CLUSTER_AS, insideAddresses, REMOTE_AS } from './remote-site.ts';
import { tunnelEndSite } from './tunnel-end.ts';

export function gatewayTunnel(number: PairNumber): string {
  return tunnelEndSite({
    addresses: [gatewayOuterAddress(number), peerOuterAddress(number)],
    ids: [`gw${number}.example`, `peer${number}.example`],
    start: 'start',
  });
}

/** For bfdd of gateways and nodes; three of these intervals without a packet are too many. */
export function lanBfd(milliseconds: number): string {
  return `
bfd
 profile lan
  transmit-interval ${milliseconds}
  receive-interval ${milliseconds}
 exit
`;
}

/** Both reflect to the nodes, and tell each other what they know. */
export function gatewayRouting(number: PairNumber): string {
  const { ipv4, ipv6 } = insideAddresses(number).peer;
  const other = 3 - number;
  return `
router bgp ${CLUSTER_AS}
 bgp router-id 10.20.0.${number}
 bgp cluster-id 10.20.0.${number}
 no bgp default ipv4-unicast
 no bgp ebgp-requires-policy
 no bgp network import-check
 neighbor TUNNEL peer-group
 neighbor TUNNEL remote-as ${REMOTE_AS}
 neighbor TUNNEL timers 10 30
 neighbor TUNNEL timers connect 1
 neighbor TUNNEL bfd
 neighbor LAN peer-group
 neighbor LAN remote-as ${CLUSTER_AS}
 neighbor LAN timers 3 9
 neighbor LAN timers connect 1
 neighbor LAN bfd profile lan
 neighbor NODES peer-group
 neighbor NODES remote-as ${CLUSTER_AS}
 neighbor NODES timers 3 9
 neighbor NODES bfd profile lan
 neighbor ${ipv4} peer-group TUNNEL
 neighbor ${ipv6} peer-group TUNNEL
 neighbor 10.20.0.${other} peer-group LAN
 neighbor fd20::${other} peer-group LAN
 bgp listen range 10.20.0.0/24 peer-group NODES
 bgp listen range fd20::/64 peer-group NODES
 address-family ipv4 unicast
  network ${CLUSTER_NETWORKS.ipv4}
  neighbor ${ipv4} activate
  neighbor 10.20.0.${other} activate
  neighbor LAN next-hop-self
  neighbor NODES activate
  neighbor NODES route-reflector-client
  neighbor NODES next-hop-self
 exit-address-family
 address-family ipv6 unicast
  network ${CLUSTER_NETWORKS.ipv6}
  neighbor ${ipv6} activate
  neighbor fd20::${other} activate
  neighbor LAN next-hop-self
  neighbor NODES activate
  neighbor NODES route-reflector-client
  neighbor NODES next-hop-self
 exit-address-family
`;
}

/** One path at a time, that of the gateway with the lowest router id first. */
export function nodeRouting(number: NodeNumber): string {
  return `
router bgp ${CLUSTER_AS}
 bgp router-id ${nodeAddress(number)}
 no bgp default ipv4-unicast
 neighbor GATEWAYS peer-group
 neighbor GATEWAYS remote-as ${CLUSTER_AS}
 neighbor GATEWAYS timers 3 9
 neighbor GATEWAYS timers connect 1
 neighbor GATEWAYS bfd profile lan
 neighbor 10.20.0.1 peer-group GATEWAYS
 neighbor 10.20.0.2 peer-group GATEWAYS
 neighbor fd20::1 peer-group GATEWAYS
 neighbor fd20::2 peer-group GATEWAYS
 address-family ipv4 unicast
  neighbor 10.20.0.1 activate
  neighbor 10.20.0.2 activate
  maximum-paths ibgp 1
 exit-address-family
 address-family ipv6 unicast
  neighbor fd20::1 activate
  neighbor fd20::2 activate
  maximum-paths ibgp 1
 exit-address-family
`;
}
