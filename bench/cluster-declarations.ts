// A cluster with two gateways, a remote site that tells its networks by BGP, and many nodes with pods behind them.

export function clusterDeclarations(nodes: number): string {
  return [GATEWAYS, ...Array.from({ length: nodes }, (_, number) => nodeDocument(number))].join(
    '---\n',
  );
}

const GATEWAYS = `apiVersion: sallyport.dev/v1alpha1
kind: Gateway
metadata: {name: edge}
spec:
  placement: {hosts: [gw1, gw2]}
  networks: [10.0.0.0/8, 'fd10::/32']
  bgp: {asn: 65010}
---
apiVersion: sallyport.dev/v1alpha1
kind: Host
metadata: {name: gw1}
spec: {addresses: [192.0.2.1], internalAddresses: [10.0.0.1, 'fd10::1']}
---
apiVersion: sallyport.dev/v1alpha1
kind: Host
metadata: {name: gw2}
spec: {addresses: [192.0.2.2], internalAddresses: [10.0.0.2, 'fd10::2']}
---
apiVersion: sallyport.dev/v1alpha1
kind: Secret
metadata: {name: key}
spec: {psk: {file: key.psk}}
---
apiVersion: sallyport.dev/v1alpha1
kind: Connection
metadata: {name: site}
spec:
  gateway: edge
  auth: {psk: {secret: key}}
  tunnels:
    - name: one
      host: gw1
      remote: {address: 203.0.113.1}
      inside: [{local: 169.254.10.2/30, remote: 169.254.10.1}]
    - name: two
      host: gw2
      remote: {address: 203.0.113.2}
      inside: [{local: 169.254.20.2/30, remote: 169.254.20.1}]
  routing: {bgp: {asn: 65020, accept: [172.16.0.0/12, 'fd50::/48']}}
`;

function nodeDocument(number: number): string {
  const [high, low] = [number >> 8, number & 255];
  return `apiVersion: sallyport.dev/v1alpha1
kind: Host
metadata: {name: node${number}}
spec:
  role: node
  addresses: [10.0.${high + 1}.${low}, 'fd10::1:${number.toString(16)}']
  networks: [10.${high + 64}.${low}.0/24]
`;
}
