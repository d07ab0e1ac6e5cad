import { describe, expect, it } from 'vitest';
import { type Case, judge, outcome, twoSites, vary, wanted } from '../testing.ts';

const OWN = "addresses: [192.0.2.10, '2001:db8:1::10']";

const withShards = (shards: string, text = twoSites): string =>
  vary(text, [OWN, `${OWN}\n  shards: [${shards}]`]);

const tunnelFrom = (address: string, shards: string): string =>
  vary(withShards(shards), [
    '- remote: {address: 198.51.100.20}',
    `- {local: {address: '${address}'}, remote: {address: 198.51.100.20}}`,
  ]);

const IKE2 = '{name: ike2, addresses: [192.0.2.20]}';

const CASES: readonly Case[] = [
  {
    name: 'two shards in one network namespace',
    text: withShards(`${IKE2}, {name: ike2, addresses: [192.0.2.30]}`),
    expected: {
      code: 'host/duplicate-shard',
      path: 'spec.shards[1].name',
      message: 'another shard is in this network namespace, which can have one IKE daemon',
    },
  },
  {
    name: 'an address of the host in a shard, in another spelling',
    text: withShards("{name: ike2, addresses: ['2001:DB8:1:0::10']}"),
    expected: {
      code: 'host/duplicate-address',
      path: 'spec.shards[0].addresses[0]',
      message: 'the host itself has this address as well',
    },
  },
  {
    name: 'an address in two shards',
    text: withShards(`${IKE2}, {name: ike3, addresses: [192.0.2.30, 192.0.2.20]}`),
    expected: {
      code: 'host/duplicate-address',
      path: 'spec.shards[1].addresses[1]',
      message: 'shard ike2 has this address as well',
    },
  },
  {
    name: 'an address that two tenants give to different daemons',
    text: `${withShards(IKE2)}---
apiVersion: sallyport.dev/v1alpha1
kind: Host
metadata: {name: gw1, namespace: other}
spec: {addresses: [192.0.2.20]}
`,
    expected: {
      code: 'host/duplicate-address',
      path: 'spec.addresses[0]',
      message: 'shard ike2 has this address as well',
      object: { kind: 'Host', namespace: 'other', name: 'gw1' },
    },
  },
  {
    name: 'a local address that neither host nor shard has',
    text: tunnelFrom('192.0.2.99', IKE2),
    expected: {
      code: 'tunnel/foreign-local-address',
      path: 'spec.tunnels[0].local.address',
      hint: 'use one of: 192.0.2.10, 2001:db8:1::10, 192.0.2.20',
    },
  },
  {
    name: 'a remote address that is one of a shard',
    text: withShards('{name: ike2, addresses: [198.51.100.20]}'),
    expected: { code: 'tunnel/remote-is-local', path: 'spec.tunnels[0].remote.address' },
  },
];

describe('checkHosts', () => {
  it.each(CASES)('finds $name', (found) => {
    expect(outcome(found)).toEqual(wanted(found));
  });

  it.each([
    [
      'shards with addresses of their own',
      withShards(`${IKE2}, {name: ike3, addresses: [192.0.2.30]}`),
    ],
    ['a tunnel from an address of a shard', tunnelFrom('192.0.2.20', IKE2)],
    [
      'the same host, declared by two tenants',
      `${withShards(IKE2)}---\n${withShards(IKE2)
        .split('---')[0]
        ?.replace('{name: gw1}', '{name: gw1, namespace: other}')}`,
    ],
    ['an address twice in one place', vary(twoSites, [OWN, 'addresses: [192.0.2.10, 192.0.2.10]'])],
  ])('has nothing to say of %s', (_, text) => {
    expect(judge(text).problems).toEqual([]);
  });

  it.each(['..', '-x', 'a/b', '', 'a b'])(
    'takes "%s" for no name of a network namespace',
    (name) => {
      const text = withShards(`{name: '${name}', addresses: [192.0.2.20]}`);
      expect(judge(text).problems.map(({ path }) => path)).toContain('spec.shards[0].name');
    },
  );
});
