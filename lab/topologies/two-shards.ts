// Our gateway with two IKE daemons, each in a network namespace with its own way to the internet, and one
// remote gateway that knows both by their addresses:
//
//     hosta --- gwa  ------\
//               ike2 ------ internet --- gwb --- hostb
//
// `ike2` is a network namespace of the host `gwa`, and has nothing of its own but the outer address.

import { Lab } from '../topology.ts';

export type TwoShardsHost = 'hosta' | 'gwa' | 'ike2' | 'internet' | 'gwb' | 'hostb';

/** Everything behind the gateways, for sniffers on the outside. */
export const INNER_PREFIXES: readonly string[] = [
  '10.1.0.0/24',
  '10.2.0.0/24',
  '10.3.0.0/24',
  'fd01::/64',
  'fd03::/64',
];

export const OWN_ADDRESS = '198.51.100.1';
export const SHARD_ADDRESS = '198.51.100.5';

export async function createTwoShards(): Promise<Lab<TwoShardsHost>> {
  return Lab.create({
    hosts: {
      hosta: { routes: { '0.0.0.0/0': '10.1.0.1', '::/0': 'fd01::1' } },
      gwa: { forwarding: true, routes: { '0.0.0.0/0': '198.51.100.2' } },
      ike2: { routes: { '0.0.0.0/0': '198.51.100.6' } },
      // It knows the inner networks as well: what a gateway lets out in clear would arrive.
      internet: {
        forwarding: true,
        routes: {
          '10.1.0.0/24': OWN_ADDRESS,
          '10.2.0.0/24': '203.0.113.1',
          '10.3.0.0/24': '203.0.113.1',
        },
      },
      gwb: { forwarding: true, routes: { '0.0.0.0/0': '203.0.113.2' } },
      hostb: { routes: { '0.0.0.0/0': '10.2.0.1', '::/0': 'fd03::1' } },
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
          { host: 'gwa', interface: 'wan', addresses: [`${OWN_ADDRESS}/30`] },
          { host: 'internet', interface: 'a', addresses: ['198.51.100.2/30'] },
        ],
      },
      {
        name: 'wan-ike2',
        ends: [
          { host: 'ike2', interface: 'wan', addresses: [`${SHARD_ADDRESS}/30`] },
          { host: 'internet', interface: 'a2', addresses: ['198.51.100.6/30'] },
        ],
      },
      {
        name: 'wan-b',
        ends: [
          { host: 'gwb', interface: 'wan', addresses: ['203.0.113.1/30'] },
          { host: 'internet', interface: 'b', addresses: ['203.0.113.2/30'] },
        ],
      },
      {
        name: 'lan-b',
        ends: [
          {
            host: 'hostb',
            interface: 'eth0',
            addresses: ['10.2.0.2/24', '10.3.0.2/24', 'fd03::2/64'],
          },
          {
            host: 'gwb',
            interface: 'lan',
            addresses: ['10.2.0.1/24', '10.3.0.1/24', 'fd03::1/64'],
          },
        ],
      },
    ],
  });
}
