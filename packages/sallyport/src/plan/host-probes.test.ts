import { describe, expect, it } from 'vitest';
import { judge } from '../model/testing.ts';
import { planHostProbes } from './host-probes.ts';
import { WORLDS } from './testing/worlds.ts';

const node = (number: number): string => `---
apiVersion: sallyport.dev/v1alpha1
kind: Host
metadata: {name: node${number}}
spec: {role: node, addresses: [10.1.0.10${number}]}
`;
const { text = '' } =
  WORLDS['BGP with a data centre and a cloud, another gateway, and nodes'] ?? {};
const { objects } = judge(`${text}${[1, 2, 3, 4, 5].map(node).join('')}`, {
  hosts: [],
  secrets: [],
});

describe('planHostProbes', () => {
  it('lets a gateway ask the other ones and some nodes', () => {
    const probes = planHostProbes({ hostName: 'gw1', objects });
    expect(probes.map(({ host }) => host)).toEqual(['gw2', 'node1', 'node2', 'node3', 'node4']);
    expect(probes[0]).toMatchObject({ source: '10.1.0.11', target: '10.1.0.12' });
  });

  it('lets a node ask its gateways', () => {
    const probes = planHostProbes({ hostName: 'node1', objects });
    expect(probes.map(({ host }) => host)).toEqual(['gw1', 'gw2']);
  });
});
