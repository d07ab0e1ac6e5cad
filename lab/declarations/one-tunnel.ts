// The gateways of the topology `one-tunnel`, declared, with the tunnel that is with whoever holds its address.

import { HELD, SERVER } from '../topologies/one-tunnel.ts';
import { connection, KEY_SECRET, STRONG_POLICY } from './left-site.ts';

const host = (name: string, number: number): string => `---
apiVersion: sallyport.dev/v1alpha1
kind: Host
metadata: {name: ${name}}
spec: {addresses: [10.9.0.${String(number)}], internalAddresses: [10.9.0.${String(number)}, 10.1.0.${String(number)}]}
`;

export const ONE_TUNNEL: string = `
apiVersion: sallyport.dev/v1alpha1
kind: Gateway
metadata: {name: edge}
spec:
  placement: {hosts: [first, second]}
  networks: [10.1.0.0/24]
  availability:
    mode: active-standby
    virtual: {addresses: [${HELD.outer}/24, ${HELD.inner}/24], interface: eth0, routerId: 51}
${host('first', 1)}${host('second', 2)}${KEY_SECRET}${STRONG_POLICY}${connection({
  name: 'site',
  networks: '10.50.0.0/24',
  tunnel: `{local: {address: ${HELD.outer}, id: gateway.example}, remote: {address: 203.0.113.1, id: peer.example}}`,
  more: `  probes: {targets: [${SERVER}]}\n`,
})}`;
