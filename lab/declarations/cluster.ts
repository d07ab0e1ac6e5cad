// The cluster of the topology `cluster`, declared: gateways and nodes in one text, as each of them gets it.

import { CLUSTER_AS, insideAddresses, REMOTE_AS } from '../sites/remote-site.ts';
import {
  CLUSTER_NETWORKS,
  gatewayOuterAddress,
  type NodeNumber,
  nodeAddress,
  type PairNumber,
  peerOuterAddress,
  REMOTE_NETWORKS,
  SERVER,
} from '../topologies/cluster.ts';
import { KEY_SECRET, STRONG_POLICY } from './left-site.ts';

const NUMBERS = [1, 2] as const;
const NODES = [1, 2, 3] as const;

const WITH_BFD = 'bfd: {}';

const list = (texts: readonly string[]): string =>
  `[${texts.map((text) => `'${text}'`).join(', ')}]`;

function host(number: PairNumber): string {
  return `---
apiVersion: sallyport.dev/v1alpha1
kind: Host
metadata: {name: gw${number}}
spec:
  addresses: [${gatewayOuterAddress(number)}]
  internalAddresses: [10.20.0.${number}, 'fd20::${number}']
`;
}

function node(number: NodeNumber): string {
  return `---
apiVersion: sallyport.dev/v1alpha1
kind: Host
metadata: {name: node${number}}
spec: {role: node, addresses: [${nodeAddress(number)}, 'fd20::${10 + number}']}
`;
}

function tunnel(number: PairNumber): string {
  const { gateway, peer } = insideAddresses(number);
  return `    - name: peer${number}
      host: gw${number}
      local: {id: gw${number}.example}
      remote: {address: ${peerOuterAddress(number)}, id: peer${number}.example}
      inside:
        - {local: ${gateway.ipv4}/30, remote: ${peer.ipv4}}
        - {local: '${gateway.ipv6}/126', remote: '${peer.ipv6}'}
`;
}

const ROUTING = `bgp: {asn: ${REMOTE_AS}, accept: ${list(Object.values(REMOTE_NETWORKS))}, maximumPrefixes: 1500, ${WITH_BFD}}`;

export const CLUSTER: string = `
apiVersion: sallyport.dev/v1alpha1
kind: Gateway
metadata: {name: edge}
spec:
  placement: {hosts: [gw1, gw2]}
  networks: ${list(Object.values(CLUSTER_NETWORKS))}
  bgp: {asn: ${CLUSTER_AS}, nodeRanges: [10.20.0.0/24, 'fd20::/64']}
${NUMBERS.map(host).join('')}${NODES.map(node).join('')}${KEY_SECRET}${STRONG_POLICY}---
apiVersion: sallyport.dev/v1alpha1
kind: Connection
metadata: {name: site}
spec:
  gateway: edge
  tunnels:
${NUMBERS.map(tunnel).join('')}  auth: {psk: {secret: key}}
  crypto: strong
  routing:
    ${ROUTING}
`;

/** The remote site has no BFD, as a cloud. */
export const CLUSTER_WITHOUT_BFD: string = CLUSTER.replace(
  WITH_BFD,
  'onGatewayLoss: more-specifics',
);

/** The remote site knows no BGP; whether a tunnel leads there, its server tells. */
export const CLUSTER_DECLARED: string = CLUSTER.replace(
  ROUTING,
  `static: {networks: ${list(Object.values(REMOTE_NETWORKS))}}\n  probes: {targets: [${SERVER.ipv4}]}`,
).replaceAll(/ {6}inside:\n(?: {8}- .*\n)+/g, '');

/** On the LAN, held by one of the gateways. */
export const VIRTUAL_ADDRESSES = { ipv4: '10.20.0.254', ipv6: 'fd20::fe' } as const;

export const CLUSTER_STANDBY: string = CLUSTER.replace(
  '  bgp: {asn',
  `  availability:
    mode: active-standby
    virtual:
      addresses: [${VIRTUAL_ADDRESSES.ipv4}/24, '${VIRTUAL_ADDRESSES.ipv6}/64']
      interface: lan
      routerId: 51
  bgp: {asn`,
);

/** The fabric drops addresses that are not of a host: what lies behind the nodes is declared. */
export const CLUSTER_IN_VXLAN: string = CLUSTER.replace(
  '  bgp: {asn',
  '  nodes: {encapsulation: vxlan}\n  bgp: {asn',
).replaceAll(
  /(role: node, addresses: \[10\.20\.0\.1(\d)[^\]]*\])/g,
  "$1, networks: [10.20.$2.0/24, 'fd20:0:0:$2::/64']",
);
