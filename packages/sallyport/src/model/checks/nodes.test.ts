import { describe, expect, it } from 'vitest';
import { type Case, judge, outcome, twoSites, vary, wanted } from '../testing.ts';

/** The gateway with a node behind it. Valid as it is. */
const withNode = `${vary(twoSites, ['[192.0.2.10, ', '[192.0.2.10, 10.10.0.1, '])}---
apiVersion: sallyport.dev/v1alpha1
kind: Host
metadata: {name: worker}
spec: {role: node, addresses: [10.10.0.11], networks: [10.10.1.0/24]}
`;

const secondNode = `---
apiVersion: sallyport.dev/v1alpha1
kind: Host
metadata: {name: worker-2}
spec: {role: node, addresses: [10.10.0.12], networks: [10.10.0.0/20]}
`;

const secondGateway = `---
apiVersion: sallyport.dev/v1alpha1
kind: Gateway
metadata: {name: other}
spec: {placement: {hosts: [gw1]}, networks: [10.11.0.0/16], nodes: {encapsulation: vxlan}}
`;

const gatewayWith = (nodes: string): string =>
  vary(withNode, ['  placement:', `  nodes: ${nodes}\n  placement:`]);

const CASES: readonly Case[] = [
  {
    name: 'a gateway on a node',
    text: vary(
      withNode,
      ['hosts: [gw1]', 'hosts: [gw1, worker]'],
      ['- remote: {address: 198.51.100.20}', '- {host: gw1, remote: {address: 198.51.100.20}}'],
    ),
    expected: {
      code: 'gateway/placed-on-node',
      path: 'spec.placement.hosts[1]',
      message: 'Host worker is a node, which carries no tunnels',
    },
  },
  {
    name: 'an overlay without its device',
    text: gatewayWith('{encapsulation: device}'),
    expected: {
      code: 'gateway/nodes-device',
      path: 'spec.nodes',
      hint: 'add device: {interface: …, identity: …}',
    },
  },
  {
    name: 'a device that nothing uses',
    text: gatewayWith('{encapsulation: vxlan, device: {interface: cni0, identity: 6}}'),
    expected: { code: 'gateway/nodes-device', path: 'spec.nodes' },
  },
  {
    name: 'two gateways that nodes would reach in two ways',
    text: withNode + secondGateway,
    expected: {
      code: 'gateway/nodes-differ',
      message: 'Gateway edge of the same namespace reaches the nodes in another way',
    },
  },
  {
    name: 'networks of a host that carries tunnels',
    text: vary(withNode, ['role: node, ', '']),
    expected: { code: 'host/networks-of-gateway', path: 'spec.networks' },
  },
  {
    name: 'a weight of a node',
    text: vary(withNode, ['role: node,', 'role: node, weight: 3,']),
    expected: { code: 'host/weight-of-node', path: 'spec.weight', value: '3' },
  },
  {
    name: 'a node with an IKE daemon',
    text: vary(withNode, [
      'role: node,',
      'role: node, shards: [{name: a, addresses: [192.0.2.99]}],',
    ]),
    expected: { code: 'host/shards-of-node', path: 'spec.shards' },
  },
  {
    name: 'a host that is a node for one tenant only',
    text: `${withNode}---
apiVersion: sallyport.dev/v1alpha1
kind: Host
metadata: {name: worker, namespace: elsewhere}
spec: {addresses: [10.10.0.11]}
`,
    expected: { code: 'host/role-differs', path: 'spec.role' },
  },
  {
    name: 'a node of a namespace without gateways',
    text: vary(withNode, ['{name: worker}', '{name: worker, namespace: elsewhere}']),
    expected: { code: 'host/node-without-gateway', path: 'spec.role' },
  },
  {
    name: 'a node of another family than its gateway',
    text: vary(
      withNode,
      ["[192.0.2.10, 10.10.0.1, '2001:db8:1::10']", '[192.0.2.10]'],
      ['[10.10.0.11]', "['fd10::11']"],
    ),
    expected: {
      code: 'host/node-out-of-reach',
      path: 'spec.addresses',
      message: 'has no address of a family in which Host gw1 has an internal one',
    },
  },
  {
    name: 'a node beside the LAN of its gateways',
    text: vary(withNode, ['[10.10.0.11]', '[172.16.0.11]']),
    expected: { code: 'host/node-beside-lan', path: 'spec.addresses', value: '172.16.0.11' },
  },
  {
    name: 'a network of a node that no gateway tells of',
    text: vary(withNode, ['[10.10.1.0/24]', '[10.99.0.0/24]']),
    expected: { code: 'host/node-network', path: 'spec.networks[0]' },
  },
  {
    name: 'a network behind two nodes',
    text: withNode + secondNode,
    expected: { code: 'host/node-network', message: 'overlaps 10.10.0.0/20 behind Host worker-2' },
  },
  {
    name: 'an overlay without a common family',
    text:
      vary(
        gatewayWith('{encapsulation: vxlan}'),
        ["[192.0.2.10, 10.10.0.1, '2001:db8:1::10']", "['fd10::1', 192.0.2.10]"],
        ['[10.10.0.11]', "['fd10::11']"],
      ) + secondNode.replace('10.10.0.0/20', '10.10.2.0/24'),
    expected: {
      code: 'gateway/nodes-family',
      path: 'spec.nodes',
      message: 'Host worker has no internal IPv4 address, and Host worker-2 none of IPv6',
    },
  },
  {
    name: 'a node of two namespaces',
    text: `${withNode}---${withNode
      .replaceAll('metadata: {', 'metadata: {namespace: other, ')
      .replace(', networks: [10.10.1.0/24]', '')
      .replaceAll('10.20.0.0/16', '10.120.0.0/16')
      .replace('address: 198.51.100.20', 'address: 198.51.100.21')
      .replace('{psk: {file: a.psk}}', '{psk: {file: b.psk}}')}`,
    expected: {
      code: 'host/node-of-two-namespaces',
      path: 'spec.role',
      message: 'leads to gateways or nodes of namespace default already',
    },
  },
];

describe('checkNodes', () => {
  it('finds nothing wrong with a node behind a gateway', () => {
    expect(judge(withNode).problems).toEqual([]);
    const elsewhere = vary(gatewayWith('{encapsulation: vxlan}'), [
      '[10.10.0.11]',
      '[172.16.0.11]',
    ]);
    expect(judge(elsewhere).problems).toEqual([]);
    const lan = vary(
      withNode,
      [', 10.10.0.1,', ', 172.16.0.1,'],
      ['[10.10.0.11]', '[172.16.0.11]'],
    );
    expect(judge(lan).problems).toEqual([]);
    const device = gatewayWith('{encapsulation: device, device: {interface: cni0, identity: 6}}');
    expect(judge(device).problems).toEqual([]);
  });

  it.each(CASES)('reports $name', (one) => {
    expect(outcome(one)).toEqual(wanted(one));
  });
});

it.each([
  [
    'an error in the Gateway',
    ['networks: [10.10.0.0/16', 'networks: [10.10.0.1/16'],
    'prefix/host-bits',
  ],
  ['a kind that is close to Gateway', ['kind: Gateway', 'kind: Gatway'], 'object/unknown-kind'],
] as const)('says %s once, and not at each node and connection as well', (_, change, code) => {
  const text = vary(withNode + vary(secondNode, ['10.10.0.0/20', '10.10.2.0/24']), change);
  expect(judge(text).problems.map((problem) => problem.code)).toEqual([code]);
});
