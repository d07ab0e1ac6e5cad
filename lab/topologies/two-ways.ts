// A site, and two gateways of another one. Behind each of these is a server of its own with the same address:
//
//   client -- gw ---+          +-- gate1 -- server1
//                   + internet +
//                              +-- gate2 -- server2

import { Lab, type LinkDeclaration } from '../topology.ts';

const NUMBERS = [1, 2] as const;

export type GateNumber = (typeof NUMBERS)[number];

export type TwoWaysHost =
  | 'client'
  | 'gw'
  | 'internet'
  | `gate${GateNumber}`
  | `server${GateNumber}`;

/** Of either gate, on its LAN. */
export const GATE = '10.2.0.1';
export const SERVER = '10.2.0.2';

export const gateOuterAddress = (number: GateNumber): string => `203.0.113.${number * 4 - 3}`;

/** For sniffers on the outside. */
export const TWO_WAYS_INNER_PREFIXES: readonly string[] = ['10.1.0.0/24', '10.2.0.0/24'];

export async function createTwoWays(): Promise<Lab<TwoWaysHost>> {
  const gate = (number: GateNumber) => ({
    forwarding: true,
    routes: { '0.0.0.0/0': `203.0.113.${number * 4 - 2}` },
  });
  const server = { routes: { '0.0.0.0/0': GATE } };
  return Lab.create<TwoWaysHost>({
    hosts: {
      client: { routes: { '0.0.0.0/0': '10.1.0.1' } },
      gw: { forwarding: true, routes: { '0.0.0.0/0': '198.51.100.2' } },
      // It knows the inner networks as well: what a gateway lets out in clear would arrive.
      internet: {
        forwarding: true,
        routes: { '10.1.0.0/24': '198.51.100.1', '10.2.0.0/24': gateOuterAddress(1) },
      },
      ...{ gate1: gate(1), gate2: gate(2), server1: server, server2: server },
    },
    links: [
      {
        ends: [
          { host: 'client', interface: 'eth0', addresses: ['10.1.0.2/24'] },
          { host: 'gw', interface: 'lan', addresses: ['10.1.0.1/24'] },
        ],
      },
      {
        ends: [
          { host: 'gw', interface: 'wan', addresses: ['198.51.100.1/30'] },
          { host: 'internet', interface: 'gw', addresses: ['198.51.100.2/30'] },
        ],
      },
      ...NUMBERS.flatMap(gateLinks),
    ],
  });
}

/** `lan1` is that of the first gate. */
function gateLinks(number: GateNumber): readonly LinkDeclaration[] {
  const gate = `gate${number}`;
  return [
    {
      ends: [
        { host: gate, interface: 'wan', addresses: [`${gateOuterAddress(number)}/30`] },
        {
          ...{ host: 'internet', interface: gate },
          addresses: [`203.0.113.${number * 4 - 2}/30`],
        },
      ],
    },
    {
      name: `lan${number}`,
      ends: [
        { host: gate, interface: 'lan', addresses: [`${GATE}/24`] },
        { host: `server${number}`, interface: 'eth0', addresses: [`${SERVER}/24`] },
      ],
    },
  ];
}
