// Two gateways, a client and a stranger on one LAN:
//
//   client --+
//            |-- lan --+-- first
//   stranger +         +-- second

import { Lab } from '../topology.ts';

/** IPv4 and IPv6. */
export const LAN_ADDRESSES = {
  first: ['10.9.0.1', 'fd09::1'],
  second: ['10.9.0.2', 'fd09::2'],
  stranger: ['10.9.0.3', 'fd09::3'],
  client: ['10.9.0.9', 'fd09::9'],
} as const;

type Station = keyof typeof LAN_ADDRESSES;

export type OneLanHost = Station | 'lan';

/** Each host's link has its name. */
export async function createOneLan(): Promise<Lab<OneLanHost>> {
  const names = Object.keys(LAN_ADDRESSES) as Station[];
  return Lab.create<OneLanHost>({
    hosts: {
      first: {},
      second: {},
      stranger: {},
      client: {},
      lan: { bridges: { br0: { ports: names, addresses: [] } } },
    },
    links: names.map((name) => ({
      name,
      ends: [
        {
          ...{ host: name, interface: 'eth0' },
          addresses: LAN_ADDRESSES[name].map((address) =>
            address.includes(':') ? `${address}/64` : `${address}/24`,
          ),
        },
        { host: 'lan', interface: name, addresses: [] },
      ],
    })),
  });
}
