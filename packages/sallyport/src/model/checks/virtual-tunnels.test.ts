import { describe, expect, it } from 'vitest';
import { type Case, judge, outcome, secondHost, twoSites, vary, wanted } from '../testing.ts';

/** Two hosts on a LAN, and one tunnel to whoever holds the address. */
function oneTunnel(...changes: [string, string][]): string {
  return vary(
    twoSites + secondHost,
    ['hosts: [gw1]', 'hosts: [gw1, gw2]'],
    ['- remote', '- {local: {address: 10.10.0.254}, remote'],
    ['198.51.100.20}', '198.51.100.20}}'],
    ['[192.0.2.10, ', '[192.0.2.10, 10.10.0.1, '],
    ['[192.0.2.11]', '[192.0.2.11, 10.10.0.2]'],
    [
      '  placement:',
      '  availability: {mode: active-standby, virtual: {addresses: [10.10.0.254/24], interface: lan, routerId: 51}}\n  placement:',
    ],
    ...changes,
  );
}

const node = `---
apiVersion: sallyport.dev/v1alpha1
kind: Host
metadata: {name: worker}
spec: {role: node, addresses: [10.10.0.101]}
`;

/** A tunnel of the first host alone, to the same partner. */
const beside = (ids: string): string => `---
apiVersion: sallyport.dev/v1alpha1
kind: Connection
metadata: {name: beside}
spec:
  gateway: edge
  tunnels: [{host: gw1, ${ids}}]
  auth: {psk: {secret: a-psk}}
  routing: {static: {networks: [10.40.0.0/16]}}
`;
const SAME = 'local: {id: 10.10.0.254}, remote: {address: 198.51.100.20}';

const CASES: readonly Case[] = [
  {
    name: 'a tunnel on an address that moves, and on one host',
    text: oneTunnel(['local: {', 'host: gw1, local: {']),
    expected: {
      code: 'tunnel/virtual-address',
      path: 'spec.tunnels[0].host',
      message:
        '10.10.0.254 is a virtual address of Gateway edge: the tunnel is with whichever host holds it',
      hint: 'remove host, or use an address that is always of this host',
    },
  },
  {
    name: 'a tunnel on an address that moves, and nobody who begins',
    text: oneTunnel(['start: initiate', 'start: respond']),
    expected: { code: 'tunnel/virtual-address', path: 'spec.start', value: 'respond' },
  },
  {
    name: 'a tunnel on an address that moves, and BGP inside',
    text: oneTunnel(
      [
        'remote: {address: 198.51.100.20}',
        'remote: {address: 198.51.100.20}, inside: [{local: 169.254.10.2/30, remote: 169.254.10.1}]',
      ],
      [
        "routing: {static: {networks: [10.20.0.0/16, 'fd20::/48']}}",
        'routing: {bgp: {asn: 65010, accept: [10.20.0.0/16]}}',
      ],
      ['  networks: [10.10.0.0/16', '  bgp: {asn: 65001}\n  networks: [10.10.0.0/16'],
    ),
    expected: { code: 'tunnel/virtual-address', path: 'spec.routing.bgp', value: 'asn 65010' },
  },
  {
    name: 'a tunnel on an address that moves, and nodes that cannot send there',
    text: oneTunnel(['  placement:', '  nodes: {encapsulation: vxlan}\n  placement:']) + node,
    expected: {
      code: 'tunnel/virtual-address',
      path: 'spec.tunnels[0].local.address',
      message:
        '10.10.0.254 is a virtual address of Gateway edge: inside of VXLAN nodes cannot send to it, and would send to hosts without the tunnel',
    },
  },
  {
    name: 'a tunnel on an address that moves, and nodes that have none of the family of a network',
    text: oneTunnel() + node,
    expected: {
      code: 'tunnel/virtual-address',
      path: 'spec.routing.static.networks[1]',
      value: 'fd20::/48',
      hint: 'add an IPv6 address to virtual.addresses, or use addresses of the hosts, in a tunnel for each of them',
    },
  },
  {
    name: 'a tunnel on an address that moves, and another one of the same identities',
    text: oneTunnel() + beside(SAME),
    expected: {
      code: 'tunnel/virtual-address',
      path: 'spec.tunnels[0]',
      message:
        '10.10.0.254 is a virtual address of Gateway edge: with the same identities default/beside tunnel main would end when it moves',
      value: '10.10.0.254 <-> 198.51.100.20',
    },
  },
  {
    name: 'a tunnel whose other side is one of the hosts that may hold its address',
    text: oneTunnel(['address: 198.51.100.20', 'address: 192.0.2.11']),
    expected: {
      code: 'tunnel/remote-is-local',
      message: 'this is an address of our own Host gw2',
    },
  },
  {
    name: 'a tunnel without a host where an address moves',
    text: oneTunnel(['local: {address: 10.10.0.254}, ', '']),
    expected: {
      code: 'tunnel/missing-host',
      hint: 'add host: with one of gw1, gw2, or local: {address: 10.10.0.254} for a peer that has one tunnel',
    },
  },
];

describe('checkVirtualTunnels', () => {
  it.each(CASES)('reports $name', (example) => {
    expect(outcome(example)).toEqual(wanted(example));
  });

  it('lets pass what fits', () => {
    const ofOneFamily: [string, string] = [", 'fd20::/48']", ']'];
    const disabled: [string, string] = [
      '{name: beside}\nspec:',
      '{name: beside}\nspec:\n  adminState: disabled',
    ];
    for (const text of [
      oneTunnel(),
      oneTunnel(ofOneFamily) + node,
      oneTunnel() + beside('remote: {address: 198.51.100.20}'),
      oneTunnel() + vary(beside(SAME), disabled),
    ])
      expect(judge(text).problems).toEqual([]);
  });
});
