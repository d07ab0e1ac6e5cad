// Two sites and a router between them: the smallest network with a tunnel.
//
//   hosta --- gwa === internet === gwb --- hostb

import { Lab } from '../topology.ts';

export type TwoSitesHost = 'hosta' | 'gwa' | 'internet' | 'gwb' | 'hostb';

/** All networks behind the gateways. */
export const INNER_PREFIXES: readonly string[] = [
  ...['10.1.0.0/24', 'fd01::/64'],
  ...['10.2.0.0/24', 'fd02::/64'],
];

export async function createTwoSites(): Promise<Lab<TwoSitesHost>> {
  return Lab.create({
    hosts: {
      hosta: { routes: { '0.0.0.0/0': '10.1.0.1', '::/0': 'fd01::1' } },
      gwa: {
        forwarding: true,
        routes: { '0.0.0.0/0': '198.51.100.2', '::/0': '2001:db8:a::2' },
      },
      // It knows the inner networks as well: what a gateway lets out in clear would arrive.
      internet: {
        forwarding: true,
        routes: {
          ...{ '10.1.0.0/24': '198.51.100.1', 'fd01::/64': '2001:db8:a::1' },
          ...{ '10.2.0.0/24': '203.0.113.1', 'fd02::/64': '2001:db8:b::1' },
        },
      },
      gwb: {
        forwarding: true,
        routes: { '0.0.0.0/0': '203.0.113.2', '::/0': '2001:db8:b::2' },
      },
      hostb: { routes: { '0.0.0.0/0': '10.2.0.1', '::/0': 'fd02::1' } },
    },
    links: [
      {
        name: 'lan-a',
        ends: [
          { host: 'hosta', interface: 'eth0', addresses: ['10.1.0.2/24', 'fd01::2/64'] },
          { host: 'gwa', interface: 'lan', addresses: ['10.1.0.1/24', 'fd01::1/64'] },
        ],
      },
      {
        name: 'wan-a',
        ends: [
          { host: 'gwa', interface: 'wan', addresses: ['198.51.100.1/30', '2001:db8:a::1/64'] },
          { host: 'internet', interface: 'a', addresses: ['198.51.100.2/30', '2001:db8:a::2/64'] },
        ],
      },
      {
        name: 'wan-b',
        ends: [
          { host: 'gwb', interface: 'wan', addresses: ['203.0.113.1/30', '2001:db8:b::1/64'] },
          { host: 'internet', interface: 'b', addresses: ['203.0.113.2/30', '2001:db8:b::2/64'] },
        ],
      },
      {
        name: 'lan-b',
        ends: [
          { host: 'hostb', interface: 'eth0', addresses: ['10.2.0.2/24', 'fd02::2/64'] },
          { host: 'gwb', interface: 'lan', addresses: ['10.2.0.1/24', 'fd02::1/64'] },
        ],
      },
    ],
  });
}
