import { describe, expect, it } from 'vitest';
import { vary } from '../model/testing.ts';
import type { HostPlan } from './host-plan.ts';
import { planWorld } from './testing/plan-world.ts';

const host = (name: string, number: number): string => `---
apiVersion: sallyport.dev/v1alpha1
kind: Host
metadata: {name: ${name}}
spec: {addresses: [203.0.113.${number}], internalAddresses: [10.1.0.${number}, 'fd01::${number}']}
`;

const gateway = (name: string, hosts: string): string => `---
apiVersion: sallyport.dev/v1alpha1
kind: Gateway
metadata: {name: ${name}}
spec:
  placement: {hosts: [${hosts}]}
  networks: [10.1.0.0/16, 'fd01::/48']
  bgp: {asn: 65010}
`;

const connection = (name: string, by: string, number: number, routing: string): string => `---
apiVersion: sallyport.dev/v1alpha1
kind: Connection
metadata: {name: ${name}}
spec:
  gateway: ${by}
  auth: {psk: {secret: key}}
  tunnels:
    - host: gw${number}
      remote: {address: 198.51.100.${number}}
      inside: [{local: 169.254.${number}.2/30, remote: 169.254.${number}.1}, {local: 'fd00:${number}::2/126', remote: 'fd00:${number}::1'}]
  routing: ${routing}
`;

const declared = "{static: {networks: [10.50.0.0/16, 'fd50::/48']}}";
const learned = (...networks: string[]): string =>
  `{bgp: {asn: 65020, accept: [${networks.join(', ')}]}}`;

const base = `---
apiVersion: sallyport.dev/v1alpha1
kind: Secret
metadata: {name: key}
spec: {psk: {file: key}}
---
apiVersion: sallyport.dev/v1alpha1
kind: Host
metadata: {name: worker}
spec: {role: node, addresses: [10.1.0.101, 'fd01::101']}
${host('gw1', 1)}${host('gw2', 2)}`;

const virtual = `  availability:
    mode: active-standby
    virtual: {addresses: [10.1.0.254/24], interface: lan, routerId: 51}
`;

function planOf(name: string, text: string): HostPlan {
  const { plan, problems } = planWorld({ text: base + text, host: name });
  expect(problems.filter(({ severity }) => severity === 'error')).toEqual([]);
  return plan;
}

function waysOf(text: string): Record<string, string[]> {
  const ways = planOf('worker', text).node?.ways ?? [];
  return Object.fromEntries(
    ways.flatMap(({ prefixes, hops }) =>
      prefixes.map((prefix) => [prefix, hops.map(({ address }) => address)]),
    ),
  );
}

describe('what a gateway tells the cluster of declared networks', () => {
  const told = (text: string): unknown => {
    const gateway = planOf('gw1', text).bgp;
    const node = planOf('worker', text).bgp;
    return {
      declared: gateway?.declared,
      sessions: node?.neighbors.map(({ address, accept }) => [
        address,
        ...accept.map(({ prefix, longest }) => `${prefix} to ${longest}`),
      ]),
    };
  };

  it('are those to which it has a tunnel, and its nodes listen', () => {
    const text = gateway('edge', 'gw1, gw2') + connection('a', 'edge', 1, declared);
    const networks = ['10.50.0.0/16 to 16', 'fd50::/48 to 48'];
    expect(told(text)).toEqual({
      declared: ['10.50.0.0/16', 'fd50::/48'],
      sessions: [
        ['10.1.0.1', networks[0]],
        ['10.1.0.2', networks[0]],
        ['fd01::1', networks[1]],
        ['fd01::2', networks[1]],
      ],
    });
    expect(planOf('gw2', text).bgp?.declared).toBeUndefined();
  });

  it('are those of the family of which no address moves by itself', () => {
    const text = `${gateway('edge', 'gw1, gw2')}${virtual}${connection('a', 'edge', 1, declared)}`;
    expect(told(text)).toEqual({
      declared: ['fd50::/48'],
      sessions: [
        ['fd01::1', 'fd50::/48 to 48'],
        ['fd01::2', 'fd50::/48 to 48'],
      ],
    });
  });

  it('are nothing to other gateways: two partners may have the same networks, each behind a host of its own', () => {
    const text = gateway('edge', 'gw1, gw2') + connection('a', 'edge', 1, declared);
    const others = planOf('gw1', text).bgp?.neighbors ?? [];
    expect(
      others.map(({ address, kind, accept, advertise }) => [address, kind, accept, advertise]),
    ).toEqual([
      ['10.1.0.2', 'gateway', [], []],
      ['fd01::2', 'gateway', [], []],
    ]);
  });

  it('are none where it speaks no BGP', () => {
    const text = gateway('edge', 'gw1').replace('  bgp: {asn: 65010}\n', '');
    const static_ = connection('a', 'edge', 1, declared);
    expect(told(text + static_)).toEqual({});
  });
});

describe('the ways of a node', () => {
  it('go by the hosts in the family of which no address is held', () => {
    const text = `${gateway('edge', 'gw1, gw2')}${virtual}${connection('a', 'edge', 1, declared)}`;
    expect(waysOf(text)).toEqual({ '10.50.0.0/16': ['10.1.0.254'], 'fd50::/48': ['fd01::1'] });
  });

  it('go by all gateways that lead to a network, and who is learned from is no declared one', () => {
    const two = `${gateway('one', 'gw1')}${gateway('two', 'gw2')}`;
    expect(
      waysOf(two + connection('a', 'one', 1, declared) + connection('b', 'two', 2, declared)),
    ).toEqual({ '10.50.0.0/16': ['10.1.0.1', '10.1.0.2'], 'fd50::/48': ['fd01::1', 'fd01::2'] });
    const told = learned('10.50.0.0/16', "'fd50::/48'");
    for (const [first, second] of [
      [declared, told],
      [told, declared],
    ] as const)
      expect(
        waysOf(two + connection('a', 'one', 1, first) + connection('b', 'two', 2, second)),
      ).toEqual(
        first === declared
          ? { '10.50.0.0/16': ['10.1.0.1'], 'fd50::/48': ['fd01::1'] }
          : { '10.50.0.0/16': ['10.1.0.2'], 'fd50::/48': ['fd01::2'] },
      );
  });

  it('go by each host with its weight, and with none by an address that is held', () => {
    const text = `${gateway('edge', 'gw1, gw2')}${connection('a', 'edge', 1, declared)}${connection('b', 'edge', 2, declared)}`;
    const weighted = (world: string): HostPlan['node'] =>
      planWorld({
        text: vary(base + world, ["'fd01::1']}", "'fd01::1'], weight: 3}"]),
        host: 'worker',
      }).plan.node;
    expect(weighted(text)?.ways[0]?.hops).toEqual([
      { address: '10.1.0.1', weight: 3 },
      { address: '10.1.0.2', weight: 1 },
    ]);
    const held = weighted(vary(text, ['  bgp:', `${virtual}  bgp:`]));
    expect(held?.ways[0]?.hops).toEqual([{ address: '10.1.0.254', weight: 1 }]);
  });

  it('are guarded once, and not at all where that is not wanted', () => {
    const text = `${gateway('edge', 'gw1')}${connection('a', 'edge', 1, declared)}`;
    const guarded = planOf('worker', text);
    expect(guarded.routes.map(({ prefix }) => prefix)).toEqual(['10.50.0.0/16', 'fd50::/48']);
    expect(guarded.node?.ways.every(({ isCovered }) => isCovered)).toBe(true);
    const open = vary(text, ['  networks:', '  leakGuard: false\n  networks:']);
    expect(planOf('worker', open).routes).toEqual([]);
    expect(planOf('worker', open).node?.ways.every(({ isCovered }) => isCovered)).toBe(true);
  });

  it('wait for no gateway that has nothing to tell', () => {
    const two = `${gateway('one', 'gw1')}${gateway('two', 'gw2')}`;
    const text = two + connection('a', 'one', 1, learned('10.50.0.0/16'));
    const { gateways } = planOf('worker', text).node ?? {};
    expect(gateways?.map(({ host: name, speakers }) => [name, speakers])).toEqual([
      ['gw1', ['10.1.0.1']],
      ['gw2', []],
    ]);
  });
});

describe('iBGP between gateways', () => {
  const both = connection('a', 'edge', 1, learned('10.50.0.0/16', "'fd50::/48'"));
  const neighborsOf = (text: string): (string | string[])[][] =>
    (planOf('gw2', text).bgp?.neighbors ?? [])
      .filter(({ kind }) => kind === 'gateway')
      .map(({ address, families, accept }) => [
        address,
        families.join(' '),
        accept.map(({ prefix }) => prefix),
      ]);

  it('is one session for each family that both have', () => {
    expect(neighborsOf(gateway('edge', 'gw1, gw2') + both)).toEqual([
      ['10.1.0.1', '4', ['10.50.0.0/16']],
      ['fd01::1', '6', ['fd50::/48']],
    ]);
  });

  it('takes what all Gateways of a host accept', () => {
    const text =
      gateway('edge', 'gw1, gw2') +
      gateway('other', 'gw1, gw2') +
      both +
      connection('b', 'other', 2, learned('10.60.0.0/16'));
    expect(neighborsOf(text)).toEqual([
      ['10.1.0.1', '4', ['10.50.0.0/16', '10.60.0.0/16']],
      ['fd01::1', '6', ['fd50::/48']],
    ]);
  });
});

describe('the speaker of a gateway', () => {
  it('has a rule for what only nodes tell', () => {
    const text = vary(gateway('edge', 'gw1'), [
      'asn: 65010',
      'asn: 65010, nodeRanges: [10.1.0.0/24]',
    ]);
    expect(planOf('gw1', text).rules.map(({ family, table }) => [family, table])).toEqual([
      [4, 8305],
      [6, 8305],
    ]);
  });

  it('has one number, whichever namespace is read first', () => {
    const here = gateway('edge', 'gw1') + host('gw1', 1);
    const there = vary(host('gw1', 9), ['{name: gw1}', '{name: gw1, namespace: a}']);
    for (const text of [here + there, there + here])
      expect(planWorld({ text, host: 'gw1' }).plan.bgp?.routerId).toBe('10.1.0.9');
  });
});

describe('what nodes that call may tell', () => {
  it('is nothing in which our hosts are, nor where they call from', () => {
    const text = vary(gateway('edge', 'gw1'), [
      'asn: 65010',
      'asn: 65010, nodeRanges: [10.1.128.0/17]',
    ]);
    const { refuse = [], maximumPrefixes } = planOf('gw1', text).bgp?.nodes ?? {};
    const refused = refuse.map(({ prefix, longest }) => `${prefix} ${longest}`);
    expect(refused).toContain('10.1.0.0/16 16');
    expect(refused).toContain('10.1.128.0/17 17');
    expect(refused).toContain('10.1.0.0/24 24');
    expect(refused).toContain('10.1.0.1/32 32');
    expect(refused).toContain('10.1.0.101/32 32');
    expect(refused).toContain('fd01::/64 64');
    expect(refused).not.toContain('10.1.128.0/24 24');
    expect(refused).not.toContain('10.1.2.0/24 24');
    expect(maximumPrefixes).toBe(1_000);
  });
});
