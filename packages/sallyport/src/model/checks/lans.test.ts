import { describe, expect, it } from 'vitest';
import { type Case, judge, outcome, twoSites, vary, wanted } from '../testing.ts';

const node = (name: string, address: string): string => `---
apiVersion: sallyport.dev/v1alpha1
kind: Host
metadata: {name: ${name}}
spec: {role: node, addresses: [${address}]}
`;

const base = vary(twoSites, ['[192.0.2.10, ', '[192.0.2.10, 10.10.0.1, ']);
const standby = (virtual: string): string =>
  vary(base, [
    '  placement:',
    `  availability: {mode: active-standby, virtual: {addresses: [${virtual}], interface: eth1, routerId: 20}}\n  placement:`,
  ]);

const CASES: readonly Case[] = [
  {
    name: 'two nodes with one address',
    text: base + node('one', '10.10.0.11') + node('two', '10.10.0.11'),
    expected: {
      code: 'host/duplicate-address',
      path: 'spec.addresses[0]',
      value: '10.10.0.11',
      message: 'Host one has this address as well',
    },
  },
  {
    name: 'a node with the address of its gateway',
    text: base + node('one', '10.10.0.1'),
    expected: { code: 'host/duplicate-address', path: 'spec.addresses[0]', value: '10.10.0.1' },
  },
  {
    name: 'a virtual address that is a node',
    text: standby('10.10.0.11/24') + node('one', '10.10.0.11'),
    expected: {
      code: 'gateway/virtual-address',
      path: 'spec.availability.virtual.addresses[0]',
      value: '10.10.0.11/24',
      message: 'is an address of Host one itself',
    },
  },
  {
    name: 'a virtual address that is not on the LAN of the nodes',
    text: standby('192.0.2.100/24') + node('one', '10.10.0.11'),
    expected: {
      code: 'gateway/virtual-address',
      path: 'spec.availability.virtual.addresses[0]',
      value: '192.0.2.100/24',
      hint: 'use an address on the LAN of the nodes',
    },
  },
];

describe('on one LAN', () => {
  it.each(CASES)('$name', (wrong) => {
    expect(outcome(wrong)).toEqual(wanted(wrong));
  });

  it('everybody has addresses of his own', () => {
    const text = standby('10.10.0.100/24') + node('one', '10.10.0.11') + node('two', '10.10.0.12');
    expect(judge(text).problems).toEqual([]);
  });
});
