import { describe, expect, it } from 'vitest';
import { type Case, judge, outcome, secondHost, twoSites, vary, wanted } from '../testing.ts';

const VIRTUAL = 'virtual: {addresses: [10.10.0.254/24], interface: lan, routerId: 51}';

/** Two hosts on a LAN, and a tunnel on the first. */
function pair(availability: string, ...changes: [string, string][]): string {
  return vary(
    twoSites + secondHost,
    ['hosts: [gw1]', 'hosts: [gw1, gw2]'],
    ['- remote: {address: 198.51.100.20}', '- {host: gw1, remote: {address: 198.51.100.20}}'],
    ['[192.0.2.10, ', '[192.0.2.10, 10.10.0.1, '],
    ['[192.0.2.11]', '[192.0.2.11, 10.10.0.2]'],
    ['  placement:', `  availability: {${availability}}\n  placement:`],
    ...changes,
  );
}

const CASES: readonly Case[] = [
  {
    name: 'a standby without addresses',
    text: pair('mode: active-standby'),
    expected: { code: 'gateway/availability', path: 'spec.availability', hint: 'add virtual' },
  },
  {
    name: 'addresses that nobody stands by for',
    text: pair(VIRTUAL),
    expected: { code: 'gateway/availability', path: 'spec.availability' },
  },
  {
    name: 'a host that is not on the LAN',
    text: pair(`mode: active-standby, ${VIRTUAL}`, [', 10.10.0.2', '']),
    expected: {
      code: 'gateway/virtual-address',
      path: 'spec.availability.virtual.addresses[0]',
      message: 'Host gw2 has no internal address in 10.10.0.0/24',
    },
  },
  {
    name: 'an address that a host has',
    text: pair(`mode: active-standby, ${VIRTUAL}`, ['0.254/24', '0.2/24']),
    expected: {
      code: 'gateway/virtual-address',
      message: 'is an address of Host gw2 itself',
    },
  },
  {
    name: 'one id for two gateways',
    text: `${pair(`mode: active-standby, ${VIRTUAL}`)}---
apiVersion: sallyport.dev/v1alpha1
kind: Gateway
metadata: {name: other}
spec:
  placement: {hosts: [gw2, gw1]}
  networks: [10.11.0.0/16]
  availability: {mode: active-standby, virtual: {addresses: [10.10.0.253/24], interface: lan, routerId: 51}}
`,
    expected: {
      code: 'gateway/duplicate-router-id',
      object: { kind: 'Gateway', namespace: 'default', name: 'other' },
    },
  },
  {
    name: 'one address of two gateways',
    text: `${pair(`mode: active-standby, ${VIRTUAL}`)}---
apiVersion: sallyport.dev/v1alpha1
kind: Gateway
metadata: {name: other}
spec:
  placement: {hosts: [gw2, gw1]}
  networks: [10.11.0.0/16]
  availability: {mode: active-standby, virtual: {addresses: [10.10.0.254/24], interface: lan, routerId: 52}}
`,
    expected: {
      code: 'gateway/duplicate-virtual-address',
      path: 'spec.availability.virtual.addresses[0]',
      message: 'Gateway edge holds it as well',
    },
  },
];

describe('checkAvailability', () => {
  it.each(CASES)('reports $name', (example) => {
    expect(outcome(example)).toEqual(wanted(example));
  });

  it('lets pass what fits', () => {
    expect(judge(pair(`mode: active-standby, ${VIRTUAL}`)).problems).toEqual([]);
  });
});
