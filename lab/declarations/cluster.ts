// The cluster of the topology `cluster`, declared: both gateways in one text, as each of them gets it.

import { CLUSTER_AS, insideAddresses, REMOTE_AS } from '../sites/remote-site.ts';
import {
  CLUSTER_NETWORKS,
  gatewayOuterAddress,
  type PairNumber,
  peerOuterAddress,
  REMOTE_NETWORKS,
} from '../topologies/cluster.ts';

const NUMBERS = [1, 2] as const;

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

export const CLUSTER: string = `
apiVersion: sallyport.dev/v1alpha1
kind: Gateway
metadata: {name: edge}
spec:
  placement: {hosts: [gw1, gw2]}
  networks: ${list(Object.values(CLUSTER_NETWORKS))}
  bgp: {asn: ${CLUSTER_AS}, nodeRanges: [10.20.0.0/24, 'fd20::/64']}
${NUMBERS.map(host).join('')}---
apiVersion: sallyport.dev/v1alpha1
kind: Secret
metadata: {name: key}
spec: {psk: {file: key}}
---
apiVersion: sallyport.dev/v1alpha1
kind: CryptoPolicy
metadata: {name: strong}
spec:
  ike: {proposals: [aes256gcm16-prfsha384-ecp384]}
  esp: {proposals: [aes256gcm16-ecp384]}
---
apiVersion: sallyport.dev/v1alpha1
kind: Connection
metadata: {name: site}
spec:
  gateway: edge
  tunnels:
${NUMBERS.map(tunnel).join('')}  auth: {psk: {secret: key}}
  crypto: strong
  routing:
    bgp: {asn: ${REMOTE_AS}, accept: ${list(Object.values(REMOTE_NETWORKS))}, bfd: {}}
`;
