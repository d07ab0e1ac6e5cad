import { describe, expect, it } from 'vitest';
import {
  type Case,
  outcome,
  secondHost,
  thirdPartner,
  twoSites,
  vary,
  wanted,
} from '../testing.ts';

const CASES: readonly Case[] = [
  {
    name: 'two tunnels with the same addresses and ids, one written out',
    text: vary(twoSites, [
      '- remote: {address: 198.51.100.20}',
      '- remote: {address: 198.51.100.20}\n    - name: second\n      local: {address: 192.0.2.10, id: 192.0.2.10}\n      remote: {address: 198.51.100.20, id: 198.51.100.20}',
    ]),
    expected: {
      code: 'tunnel/duplicate-pair',
      path: 'spec.tunnels[1]',
      message: 'has the same addresses and identities as default/partner-a tunnel main',
    },
  },
  {
    name: 'two connections that answer anybody',
    text: vary(
      twoSites + thirdPartner,
      ['{address: 198.51.100.20}', '{}'],
      ['start: initiate', 'start: respond'],
      ['[{remote: {address: 198.51.100.30}}]', '[{}]'],
      [
        'routing: {static: {networks: [10.40',
        'start: respond\n  routing: {static: {networks: [10.40',
      ],
    ),
    expected: {
      code: 'tunnel/duplicate-pair',
      path: 'spec.tunnels[0]',
      object: { kind: 'Connection', namespace: 'default', name: 'partner-c' },
    },
  },
  {
    name: 'no remote address though we begin',
    text: vary(twoSites, ['{address: 198.51.100.20}', '{}']),
    expected: {
      code: 'tunnel/missing-remote-address',
      path: 'spec.tunnels[0].remote.address',
      message: 'is required with start: initiate',
      hint: 'add the address of the other side, or set start: respond',
    },
  },
  {
    name: 'no remote address though our packets begin',
    text: vary(twoSites, ['{address: 198.51.100.20}', '{}'], ['start: initiate', 'start: trap']),
    expected: { code: 'tunnel/missing-remote-address', path: 'spec.tunnels[0].remote.address' },
  },
  {
    name: 'several hosts and a tunnel without one',
    text: vary(twoSites + secondHost, ['hosts: [gw1]', 'hosts: [gw1, gw2]']),
    expected: {
      code: 'tunnel/missing-host',
      path: 'spec.tunnels[0].host',
      hint: 'add host: with one of gw1, gw2',
    },
  },
  {
    name: 'a tunnel on a host where its gateway is not',
    text: vary(twoSites + secondHost, ['- remote:', '- host: gw2\n      remote:']),
    expected: {
      code: 'tunnel/unknown-host',
      path: 'spec.tunnels[0].host',
      value: 'gw2',
      hint: 'did you mean "gw1"?',
    },
  },
  {
    name: 'a local address that the host does not have',
    text: vary(twoSites, ['- remote:', '- local: {address: 192.0.2.99}\n      remote:']),
    expected: {
      code: 'tunnel/foreign-local-address',
      path: 'spec.tunnels[0].local.address',
      value: '192.0.2.99',
      hint: 'use one of: 192.0.2.10, 2001:db8:1::10',
    },
  },
  {
    name: 'a remote address that is our own, spelt otherwise',
    text: vary(twoSites, ['address: 198.51.100.20', "address: '2001:DB8:1:0::10'"]),
    expected: {
      code: 'tunnel/remote-is-local',
      path: 'spec.tunnels[0].remote.address',
      hint: 'write the address of the other side',
    },
  },
  {
    name: 'an IPv6 peer of a host with IPv4 only',
    text: vary(
      twoSites,
      [", '2001:db8:1::10'", ''],
      ['address: 198.51.100.20', "address: '2001:db8:2::1'"],
    ),
    expected: {
      code: 'tunnel/family-mismatch',
      path: 'spec.tunnels[0].remote.address',
      value: '2001:db8:2::1',
      message: 'Host gw1 has no IPv6 address to reach this from',
      hint: 'use addresses of one family on both sides, or add an IPv6 address to the host',
    },
  },
  {
    name: 'local and remote address of different families',
    text: vary(twoSites, ['- remote:', "- local: {address: '2001:db8:1::10'}\n      remote:"]),
    expected: {
      code: 'tunnel/family-mismatch',
      path: 'spec.tunnels[0].remote.address',
      message: 'local.address is no IPv4 address to reach this from',
    },
  },
  {
    name: 'an identity that the daemon cannot be told',
    text: vary(twoSites, [
      'remote: {address: 198.51.100.20}',
      "remote: {address: 198.51.100.20, id: 'O=Müller, CN=gw'}",
    ]),
    expected: {
      code: 'tunnel/identity-notation',
      path: 'spec.tunnels[0].remote.id',
      value: 'O=Müller, CN=gw',
      message: 'the IKE daemon takes ASCII only',
    },
  },
];

describe('checkTunnels', () => {
  it.each(CASES)('reports $expected.code for $name', (one) => {
    expect(outcome(one)).toEqual(wanted(one));
  });
});
