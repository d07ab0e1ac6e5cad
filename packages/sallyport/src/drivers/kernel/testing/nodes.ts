/** Hosts whose remote networks lie behind two gateways. */
import type { NodePlan } from '../../../plan/node-plan.ts';
import { type KernelDesired, NOTHING_DESIRED, type Subnet } from '../state.ts';

export const SUBNETS: readonly Subnet[] = [
  { prefix: '10.1.0.0/24', interface: 'eth0' },
  { prefix: 'fd01::/64', interface: 'eth0' },
];

const PREFIXES = ['10.20.0.0/16', '10.30.0.0/16', 'FD20:0::/48'] as const;
const SOURCES = ['10.1.0.1', 'FD01:0::1'] as const;

const plain: NodePlan = {
  ways: [
    {
      prefixes: PREFIXES,
      hops: [
        { address: '10.1.0.2', weight: 2 },
        { address: '10.1.0.3', weight: 1 },
        { address: 'FD01:0::2', weight: 2 },
        { address: 'fd01::3', weight: 1 },
      ],
    },
  ],
  sources: SOURCES,
};

export const plainNode: KernelDesired & { readonly node: NodePlan } = {
  ...NOTHING_DESIRED,
  node: plain,
};

const NAME = 'spvx000001';

/** By VXLAN, to gateways that are known by an address of either family. */
export const encapsulatedNode: KernelDesired & { readonly node: NodePlan } = {
  ...NOTHING_DESIRED,
  interfaces: [
    {
      kind: 'vxlan',
      name: NAME,
      port: 8300,
      localAddress: '10.1.0.1',
      mtuBytes: 1450,
      alias: 'sallyport nodes',
    },
  ],
  node: {
    encapsulation: { interface: NAME, identity: 83 },
    ways: [
      {
        prefixes: PREFIXES,
        hops: [
          { address: '10.1.0.2', weight: 1 },
          { address: 'fd01::3', weight: 1 },
        ],
      },
    ],
    sources: SOURCES,
  },
};
