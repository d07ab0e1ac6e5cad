/** What planning refuses or warns of, beyond what validation can know: hosts and their abilities. */
import { describe, expect, it } from 'vitest';
import { formatProblem } from '../lib/problem.ts';
import { thirdPartner, twoSites, vary } from '../model/testing.ts';
import { planWorld } from './testing/plan-world.ts';
import { inNamespace, type World } from './testing/worlds.ts';

const pinned = (plane: string, text = twoSites): string =>
  vary(text, ['  networks: [10.10.0.0/16', `  dataPlane: ${plane}\n  networks: [10.10.0.0/16`]);

const withMtu = (bytes: number): string =>
  vary(twoSites, ['  networks: [10.10.0.0/16', `  mtu: ${bytes}\n  networks: [10.10.0.0/16`]);

/** A peer that calls us from anywhere. */
const roaming = vary(
  twoSites,
  ['remote: {address: 198.51.100.20}', 'remote: {id: branch.example}'],
  ['start: initiate', 'start: respond'],
);

const twoTunnels = vary(twoSites, [
  '    - remote: {address: 198.51.100.20}',
  '    - {name: a, remote: {address: 198.51.100.20}}\n    - {name: b, remote: {address: 198.51.100.21}}',
]);

/** The last tunnel of the world, in a shard. */
const inShard = (text: string): string =>
  vary(
    text,
    [
      "addresses: [192.0.2.10, '2001:db8:1::10']",
      'addresses: [192.0.2.10]\n  shards: [{name: ike2, addresses: [192.0.2.20]}]',
    ],
    text.includes('198.51.100.60')
      ? ['{address: 198.51.100.60}', '{address: 198.51.100.60}, local: {address: 192.0.2.20}']
      : ['- remote: {', '- local: {address: 192.0.2.20}\n      remote: {'],
  );

/** A gateway with kernel ESP on the same host, and a connection of it. */
const kernelGateway = `---
apiVersion: sallyport.dev/v1alpha1
kind: Gateway
metadata: {name: inside}
spec: {placement: {hosts: [gw1]}, networks: [10.10.0.0/16], dataPlane: xfrm-interface}
---
apiVersion: sallyport.dev/v1alpha1
kind: Connection
metadata: {name: partner-f}
spec:
  gateway: inside
  tunnels: [{remote: {address: 198.51.100.60}}]
  auth: {psk: {secret: a-psk}}
  routing: {static: {networks: [10.60.0.0/16]}}
`;

/** BGP with a site at the end of a tunnel, beside whatever else the gateway has. */
const learning = (name: string, number: number, accept: string): string => `---
apiVersion: sallyport.dev/v1alpha1
kind: Connection
metadata: {name: ${name}}
spec:
  gateway: edge
  tunnels:
    - remote: {address: 198.51.100.${number}}
      inside: [{local: 169.254.${number}.2/30, remote: 169.254.${number}.1}]
  auth: {psk: {secret: a-psk}}
  routing: {bgp: {asn: 65020, accept: [${accept}]}}
`;

const speaking = vary(twoSites, [
  '  networks: [10.10.0.0/16',
  '  bgp: {asn: 65010}\n  networks: [10.10.0.0/16',
]);

/** Two names whose hashes begin with the same 32 bits. */
const COLLIDING = ['site-11126', 'site-31107'] as const;

interface Case {
  readonly what: string;
  readonly world: World;
  readonly underlayMtuBytes?: number;
  /** Lines as `sallyport plan` prints them. */
  readonly lines: readonly string[];
}

const CASES: readonly Case[] = [
  { what: 'nothing of a plan without faults', world: { text: twoSites }, lines: [] },
  {
    what: 'that the host lacks a pinned data plane',
    world: { text: pinned('vti'), dataPlanes: ['xfrm-interface', 'policy'] },
    lines: [
      'error: Gateway default/edge spec.dataPlane: tunnel default/partner-a/main cannot have this data plane on host gw1, which offers xfrm-interface, policy (vti); set it to auto or xfrm-interface or policy [plan/data-plane-unavailable]',
    ],
  },
  {
    what: 'that the host offers nothing at all',
    world: { text: twoSites, dataPlanes: [] },
    lines: [
      'error: Gateway default/edge spec.dataPlane: tunnel default/partner-a/main cannot have this data plane on host gw1, which offers none (auto); give the host a kernel with ESP, or strongSwan with kernel-libipsec [plan/data-plane-unavailable]',
    ],
  },
  {
    what: 'that a pinned VTI cannot serve a peer on any address',
    world: { text: pinned('vti', roaming), dataPlanes: ['vti', 'policy'] },
    lines: [
      'error: Gateway default/edge spec.dataPlane: tunnel default/partner-a/main cannot have this data plane: a VTI needs fixed addresses at both ends (vti); set it to auto, or write the addresses of both ends [plan/data-plane-unavailable]',
    ],
  },
  {
    what: 'that a VTI, all the host has, cannot serve a peer on any address',
    world: { text: roaming, dataPlanes: ['vti'] },
    lines: [
      'error: Gateway default/edge spec.dataPlane: tunnel default/partner-a/main cannot have this data plane: a VTI needs fixed addresses at both ends (auto); write the addresses of both ends [plan/data-plane-unavailable]',
    ],
  },
  {
    what: 'that one tunnel in user space takes the kernel from all others of the host',
    world: {
      text: pinned('userspace') + inNamespace('other', pinned('auto')),
      dataPlanes: ['policy', 'userspace'],
    },
    lines: [
      'error: Gateway default/edge spec.dataPlane: tunnel default/partner-a/main makes the daemon do all ESP in user space, and tunnel other/partner-a/main of the same host needs it in the kernel (userspace); use userspace for all tunnels of a host, or for none [plan/data-plane-unavailable]',
    ],
  },
  {
    what: 'nothing of a disabled tunnel in user space beside the kernel',
    world: {
      text:
        vary(pinned('userspace'), ['start: initiate', 'adminState: disabled']) +
        inNamespace('other', twoSites),
      dataPlanes: ['policy', 'userspace'],
    },
    lines: [],
  },
  {
    what: 'that user-space ESP cannot wait for a first packet',
    world: {
      text: vary(twoSites, ['start: initiate', 'start: trap']),
      dataPlanes: ['userspace'],
    },
    lines: [
      'error: Connection default/partner-a spec.start: the first packet cannot start tunnel main, whose ESP is in user space (trap); use start: initiate [plan/trap-in-userspace]',
    ],
  },
  {
    what: 'that a chosen MTU does not fit',
    world: { text: withMtu(1423) },
    lines: [
      'warning: Gateway default/edge spec.mtu: packets of this size do not fit tunnel default/partner-a/main: at most 1422 bytes do (1423); use mtu: auto [plan/mtu-too-large]',
    ],
  },
  {
    what: 'that user-space ESP does not keep to a chosen MTU',
    world: { text: withMtu(1300), dataPlanes: ['userspace'] },
    lines: [
      'warning: Gateway default/edge spec.mtu: ESP in user space takes packets of up to 1400 bytes into tunnel default/partner-a/main: only TCP is kept to 1300 (1300); use a host whose kernel has ESP, or mtu: auto [plan/mtu-not-enforced]',
    ],
  },
  { what: 'nothing of a chosen MTU that just fits', world: { text: withMtu(1422) }, lines: [] },
  {
    what: 'that a chosen MTU is too small for IPv6',
    world: { text: withMtu(1279) },
    lines: [
      'error: Gateway default/edge spec.mtu: an inner MTU of 1279 bytes in tunnel default/partner-a/main cannot carry IPv6, which needs 1280 (1279); use mtu: auto, or 1280 or more [plan/mtu-below-ipv6]',
    ],
  },
  {
    what: 'nothing of a small MTU for IPv4 alone',
    world: { text: vary(withMtu(600), [", 'fd20::/48']", ']']) },
    lines: [],
  },
  {
    what: 'that an underlay leaves no room for IPv6',
    world: { text: twoSites },
    underlayMtuBytes: 1300,
    lines: [
      'error: Connection default/partner-a spec.routing.static.networks: an inner MTU of 1230 bytes in tunnel default/partner-a/main cannot carry IPv6, which needs 1280 (fd20::/48); raise the MTU of the underlay of host gw1, which is 1300, or carry IPv4 only [plan/mtu-below-ipv6]',
    ],
  },
  {
    what: 'that two names give one interface id',
    world: {
      text: vary(
        twoSites + thirdPartner,
        ['name: partner-a', `name: ${COLLIDING[0]}`],
        ['name: partner-c', `name: ${COLLIDING[1]}`],
      ),
    },
    lines: [
      'error: Connection default/site-31107 spec.tunnels: the name of this tunnel gives the same interface id as default/site-11126/main (main); give the tunnel another name [plan/interface-id-collision]',
    ],
  },
  {
    what: 'that a tunnel of a shard cannot have a pinned data plane',
    world: { text: inShard(pinned('policy')), dataPlanes: ['xfrm-interface', 'policy'] },
    lines: [
      "error: Gateway default/edge spec.dataPlane: tunnel default/partner-a/main cannot have this data plane in shard ike2: only an XFRM interface leads from the host into another network namespace (policy); set it to xfrm-interface, or give the tunnel an address of the host's own network namespace [plan/data-plane-unavailable]",
    ],
  },
  {
    what: 'that a host without XFRM interfaces can have no shard',
    world: { text: inShard(twoSites), dataPlanes: ['policy'] },
    lines: [
      "error: Gateway default/edge spec.dataPlane: tunnel default/partner-a/main cannot have this data plane in shard ike2: only an XFRM interface leads from the host into another network namespace (auto); give the tunnel an address of the host's own network namespace [plan/data-plane-unavailable]",
    ],
  },
  {
    what: 'nothing of user space in the host beside a shard in the kernel',
    world: {
      text: inShard(pinned('userspace') + kernelGateway),
      dataPlanes: ['xfrm-interface', 'userspace'],
    },
    lines: [],
  },
  {
    what: 'nothing of BGP in user space beside other networks',
    world: {
      text: speaking + learning('one', 61, '10.61.0.0/16') + learning('two', 62, '10.62.0.0/16'),
      dataPlanes: ['userspace'],
    },
    lines: [],
  },
  {
    what: 'that BGP in user space cannot choose between two tunnels',
    world: {
      text: speaking + learning('one', 61, '10.61.0.0/16') + learning('two', 62, '10.61.7.0/24'),
      dataPlanes: ['userspace'],
    },
    lines: [
      'error: Gateway default/edge spec.dataPlane: tunnel default/two/main leads to networks of default/one/main on the same host, and in user space BGP cannot choose between the two (auto); use a host whose kernel has XFRM interfaces or VTI, place the tunnels on different hosts, or accept networks that do not overlap [plan/data-plane-unavailable]',
    ],
  },
  {
    what: 'that BGP needs an interface',
    world: {
      text: pinned('policy', speaking) + learning('one', 61, '10.61.0.0/16'),
      dataPlanes: ['policy'],
    },
    lines: [
      'error: Gateway default/edge spec.dataPlane: tunnel default/one/main cannot have this data plane: BGP needs an interface, and a policy has none (policy); use a host with XFRM interfaces, VTI or ESP in user space, and dataPlane: auto [plan/data-plane-unavailable]',
    ],
  },
  {
    what: 'that two VTIs would be between the same addresses',
    world: {
      text: vary(pinned('vti') + thirdPartner, [
        'remote: {address: 198.51.100.30}',
        'remote: {address: 198.51.100.20, id: other.example}',
      ]),
      dataPlanes: ['vti'],
    },
    lines: [
      'error: Connection default/partner-c spec.tunnels: tunnel default/partner-a/main has the only VTI that can be between these addresses (192.0.2.10 -> 198.51.100.20); give one of them another address, or set dataPlane of the Gateway to xfrm-interface or policy [plan/vti-address-pair]',
    ],
  },
  {
    what: 'nothing of equal ids where no tunnel has an interface',
    world: {
      text: vary(
        twoSites + thirdPartner,
        ['name: partner-a', `name: ${COLLIDING[0]}`],
        ['name: partner-c', `name: ${COLLIDING[1]}`],
      ),
      dataPlanes: ['policy'],
    },
    lines: [],
  },
  {
    what: 'which of two tunnels to one network carries it, where routes cannot choose',
    world: { text: vary(twoTunnels, [", 'fd20::/48']", ']']), dataPlanes: ['policy'] },
    lines: [
      'warning: Connection default/partner-a spec.routing.static.networks: tunnel b stays idle for this network: tunnel default/partner-a/a carries it (10.20.0.0/16); remove one of the tunnels, or give each a connection with networks of its own [plan/several-tunnels-one-prefix]',
    ],
  },
];

describe('planning says', () => {
  it.each(CASES)('$what', ({ world, underlayMtuBytes, lines }) => {
    const { problems } = planWorld(world, underlayMtuBytes);
    expect(problems.map(formatProblem)).toEqual(lines);
  });
});
