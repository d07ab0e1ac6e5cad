import { describe, expect, it } from 'vitest';
import { type Case, outcome, thirdPartner, twoSites, vary, wanted } from '../testing.ts';

const CASES: readonly Case[] = [
  {
    name: 'a remote network inside our own',
    text: vary(twoSites, ['10.20.0.0/16', '10.10.128.0/17']),
    expected: {
      code: 'network/overlaps-own',
      path: 'spec.routing.static.networks[0]',
      value: '10.10.128.0/17',
      message: 'overlaps our own network 10.10.0.0/16 of Gateway default/edge',
      hint: 'renumber one side, or list only the parts that do not overlap',
    },
  },
  {
    name: 'a remote network around our own',
    text: vary(twoSites, ["'fd20::/48'", "'fd10::/16'"]),
    expected: {
      code: 'network/overlaps-own',
      path: 'spec.routing.static.networks[1]',
      message: 'overlaps our own network fd10::/48 of Gateway default/edge',
    },
  },
  {
    name: 'networks of two connections that overlap',
    text: vary(twoSites + thirdPartner, ['10.40.0.0/16', '10.20.64.0/18']),
    expected: {
      code: 'network/overlaps-connection',
      object: { kind: 'Connection', namespace: 'default', name: 'partner-c' },
      path: 'spec.routing.static.networks[0]',
      value: '10.20.64.0/18',
      message: 'overlaps 10.20.0.0/16 of Connection default/partner-a',
    },
  },
  {
    name: 'a network that stands twice',
    text: vary(twoSites, ['[10.20.0.0/16', '[10.20.0.0/16, 10.20.0.0/16']),
    expected: {
      code: 'network/redundant',
      severity: 'warning',
      path: 'spec.routing.static.networks[1]',
      message: 'stands twice in this list',
    },
  },
  {
    name: 'a network of ours inside another one',
    text: vary(twoSites, ['[10.10.0.0/16', '[10.10.3.0/24, 10.10.0.0/16']),
    expected: {
      code: 'network/redundant',
      severity: 'warning',
      path: 'spec.networks[0]',
      message: 'lies inside 10.10.0.0/16 of the same list',
      hint: 'remove one of them',
    },
  },
  {
    name: 'a default route as remote network',
    text: vary(twoSites, ['10.20.0.0/16', '0.0.0.0/0']),
    expected: {
      code: 'network/default-route',
      severity: 'error',
      path: 'spec.routing.static.networks[0]',
      hint: 'list the networks of the remote site',
    },
  },
  {
    name: 'a remote network around the address of its peer',
    text: vary(twoSites, ['10.20.0.0/16', '198.51.100.0/24']),
    expected: {
      code: 'network/contains-peer',
      severity: 'warning',
      path: 'spec.routing.static.networks[0]',
      message: 'contains 198.51.100.20, the outer address of tunnel main',
    },
  },
  {
    name: 'an IPv6 network where we have none',
    text: vary(twoSites, [", 'fd10::/48'", '']),
    expected: {
      code: 'network/family-without-local',
      severity: 'error',
      path: 'spec.routing.static.networks[1]',
      value: 'fd20::/48',
      hint: 'add an IPv6 network to the gateway, or remove this one',
    },
  },
];

describe('checkNetworks', () => {
  it.each(CASES)('reports $expected.code for $name', (one) => {
    expect(outcome(one)).toEqual(wanted(one));
  });
});
