// Two gateways on a LAN, and a peer that has one tunnel, to an address that one of them holds:
//
//   client --+-- lan --+-- first
//            |         +-- second
//            +-------- router === peer --- server
//
// The LAN has two subnets: that of the client, and one that the router knows, for what is outside of tunnels.

import { Lab } from '../topology.ts';

export type OneTunnelHost = 'client' | 'first' | 'second' | 'lan' | 'router' | 'peer' | 'server';

/** What one of the gateways holds: the other end of the peer's tunnel, and the next hop of the client. */
export const HELD = { outer: '10.9.0.254', inner: '10.1.0.254' } as const;

export const SERVER = '10.50.0.2';
export const CLIENT = '10.1.0.9';

/** For sniffers on the outside. */
export const ONE_TUNNEL_PREFIXES: readonly string[] = ['10.1.0.0/24', '10.50.0.0/24'];

export async function createOneTunnel(): Promise<Lab<OneTunnelHost>> {
  const gateway = { forwarding: true, routes: { '0.0.0.0/0': '10.9.0.5' } };
  const onLan = {
    client: [`${CLIENT}/24`],
    first: ['10.9.0.1/24', '10.1.0.1/24'],
    second: ['10.9.0.2/24', '10.1.0.2/24'],
    router: ['10.9.0.5/24'],
  };
  return Lab.create<OneTunnelHost>({
    hosts: {
      client: { routes: { '10.50.0.0/24': HELD.inner } },
      first: gateway,
      second: gateway,
      lan: { bridges: { br0: { ports: Object.keys(onLan), addresses: [] } } },
      router: { forwarding: true },
      peer: { forwarding: true, routes: { '0.0.0.0/0': '203.0.113.2' } },
      server: { routes: { '0.0.0.0/0': '10.50.0.1' } },
    },
    links: [
      ...Object.entries(onLan).map(
        ([name, addresses]) =>
          ({
            name,
            ends: [
              { host: name, interface: 'eth0', addresses },
              { host: 'lan', interface: name, addresses: [] },
            ],
          }) as const,
      ),
      {
        ends: [
          { host: 'router', interface: 'wan', addresses: ['203.0.113.2/30'] },
          { host: 'peer', interface: 'wan', addresses: ['203.0.113.1/30'] },
        ],
      },
      {
        ends: [
          { host: 'peer', interface: 'lan', addresses: ['10.50.0.1/24'] },
          { host: 'server', interface: 'eth0', addresses: [`${SERVER}/24`] },
        ],
      },
    ],
  });
}
