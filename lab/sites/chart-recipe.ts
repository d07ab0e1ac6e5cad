// A recipe for the topology `cluster` as it was published: a Helm chart with strongSwan and FRR on two nodes of a cluster,
// and FRR with a shell loop on the others.
//
// Taken from it: eBGP 10/30 over the tunnel and iBGP 10/30 with a listen range to the nodes, `bfd` written at the
// neighbours and no bfdd running; two gateways that do not speak to each other; nodes whose bgpd keeps its
// routes from the kernel (`no-rib`), and a loop that each second makes routes of bgpd's JSON, all paths alike, and
// deletes those that are not in it any more, also when there was no answer; strongSwan without liveness checks and with
// one attempt; no maximum of prefixes and no filter.
//
// Other than in it: one FRR on a gateway in place of two (its namespace's and its host's) with their hold time once, not
// twice; no overlay between nodes and gateways, since this LAN passes on what is not for its hosts; present-day
// algorithms; everything as selector, since user-space ESP wants an inside address that is a selector to be there before
// the SA. With charon its IPsec ends for good: the chart's container starts again with a new network namespace, and
// its FRR stays in the old one, cut off.

import {
  CLUSTER_NETWORKS,
  type NodeNumber,
  nodeAddress,
  type PairNumber,
  peerOuterAddress,
} from '../topologies/cluster.ts';
import { CLUSTER_AS, insideAddresses, REMOTE_AS } from './remote-site.ts';
import { INTERFACE_ID, TUNNEL_SECRET } from './tunnel-end.ts';

export function chartTunnel(number: PairNumber): string {
  return `connections {
  remote {
    remote_addrs = ${peerOuterAddress(number)}
    proposals = aes256gcm16-prfsha384-ecp384
    local {
      auth = psk
      id = gw${number}.example
    }
    remote {
      auth = psk
      id = peer${number}.example
    }
    children {
      net {
        local_ts = 0.0.0.0/0
        remote_ts = 0.0.0.0/0
        if_id_in = ${INTERFACE_ID}
        if_id_out = ${INTERFACE_ID}
        esp_proposals = aes256gcm16-ecp384
        start_action = start
      }
    }
  }
}
secrets {
  ike-remote {
    id = peer${number}.example
    secret = "${TUNNEL_SECRET}"
  }
}
`;
}

/** The container of strongSwan. */
export const CHART_CONTAINER: string = `#!/bin/sh
charon-systemd
ip xfrm policy flush
ip xfrm state flush
`;

export function chartGatewayRouting(number: PairNumber): string {
  const { gateway, peer } = insideAddresses(number);
  return `
router bgp ${CLUSTER_AS}
 bgp router-id 10.20.0.${number}
 no bgp ebgp-requires-policy
 no bgp network import-check
 neighbor ${peer.ipv4} remote-as ${REMOTE_AS}
 neighbor ${peer.ipv4} ebgp-multihop 5
 neighbor ${peer.ipv4} update-source ${gateway.ipv4}
 neighbor ${peer.ipv4} timers 10 30
 neighbor CLIENTS peer-group
 neighbor CLIENTS remote-as ${CLUSTER_AS}
 neighbor CLIENTS timers 10 30
 neighbor CLIENTS bfd
 bgp listen range 10.20.0.0/24 peer-group CLIENTS
 address-family ipv4 unicast
  network ${CLUSTER_NETWORKS.ipv4}
  neighbor ${peer.ipv4} prefix-list LOCAL out
  neighbor CLIENTS prefix-list REMOTE out
  neighbor CLIENTS route-reflector-client
  neighbor CLIENTS next-hop-self
 exit-address-family
!
ip prefix-list LOCAL seq 5 permit ${CLUSTER_NETWORKS.ipv4}
ip prefix-list REMOTE seq 5 deny ${CLUSTER_NETWORKS.ipv4}
ip prefix-list REMOTE seq 10 permit any
`;
}

export function chartNodeRouting(number: NodeNumber): string {
  const neighbors = ([1, 2] as const).map(
    (gateway) => ` neighbor 10.20.0.${gateway} remote-as ${CLUSTER_AS}
 neighbor 10.20.0.${gateway} timers 10 30
 neighbor 10.20.0.${gateway} bfd
`,
  );
  return `
bgp no-rib
router bgp ${CLUSTER_AS}
 bgp router-id ${nodeAddress(number)}
${neighbors.join('')}`;
}

/** What a node does each second, FRR's path space given; it keeps its state in the directory. */
export function chartRouteLoop(pathSpace: string, directory: string): string {
  return `#!/bin/sh
cd ${directory}
touch routes
while sleep 1; do
	vtysh -N ${pathSpace} -c 'show bgp ipv4 unicast json' | tr '[{,' '\\n\\n\\n' | awk -F'"' '
		$2 ~ "/" { prefix = $2 }
		$2 == "ip" && !seen[prefix, $4]++ { hops[prefix] = hops[prefix] " nexthop via " $4 }
		END { for (prefix in hops) print prefix hops[prefix] }
	' >routes.new
	while read -r route; do ip route replace $route; done <routes.new
	cut -d' ' -f1 routes | while read -r prefix; do
		grep -q "^$prefix " routes.new || ip route del "$prefix"
	done
	mv routes.new routes
done
`;
}
