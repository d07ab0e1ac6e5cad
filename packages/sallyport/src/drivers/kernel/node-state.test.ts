import { describe, expect, it } from 'vitest';
import type { HopPlan, NodePlan } from '../../plan/node-plan.ts';
import { canonicalDesired } from './canonical.ts';
import { formatMembers, type NodeState, nodeState, prefixesByNexthop } from './node-state.ts';
import { encapsulatedNode, plainNode, SUBNETS } from './testing/nodes.ts';

const surroundings = { subnets: SUBNETS, hasResilientGroups: true };

function stateOf(node: NodePlan, changes: Partial<typeof surroundings> = {}): NodeState {
  const { node: canonical } = canonicalDesired({ ...plainNode, node });
  if (canonical === undefined) throw new Error('a node stays a node');
  return nodeState(canonical, { ...surroundings, ...changes });
}

const groupsOf = (state: NodeState): string[] =>
  [...state.nexthops.values()].filter((text) => text.startsWith('group '));

function withHops(...hops: HopPlan[]): NodePlan {
  return { ways: [{ prefixes: ['10.20.0.0/16'], hops }], sources: [] };
}

describe('nodeState', () => {
  it('leads prefixes of each family by a group of the hops of that family', () => {
    const state = stateOf(plainNode.node);
    const idOf = (address: string): number =>
      [...state.nexthops].find(([, text]) => text === `via ${address} dev eth0`)?.[0] ?? 0;
    expect(groupsOf(state).map((text) => text.split(' ')[1])).toEqual([
      formatMembers([
        { id: idOf('10.1.0.2'), weight: 2 },
        { id: idOf('10.1.0.3'), weight: 1 },
      ]),
      formatMembers([
        { id: idOf('fd01::2'), weight: 2 },
        { id: idOf('fd01::3'), weight: 1 },
      ]),
    ]);
    expect(state.routes.filter(({ table }) => table === 8300)).toEqual([
      expect.objectContaining({ prefix: '10.20.0.0/16', source: '10.1.0.1' }),
      expect.objectContaining({ prefix: '10.30.0.0/16', source: '10.1.0.1' }),
      expect.objectContaining({ prefix: 'fd20::/48', source: 'fd01::1' }),
    ]);
    expect(state.routes.filter(({ table }) => table === 8320)).toHaveLength(3);
    expect(state.rules.map(({ family, priority }) => `${family} ${priority}`)).toEqual([
      '4 8300',
      '4 8320',
      '6 8300',
      '6 8320',
    ]);
  });

  it('gives the same ids in any order, all in ranges of ours', () => {
    const [way] = plainNode.node.ways;
    if (way === undefined) throw new Error('the node has a way');
    const more = { prefixes: ['10.40.0.0/16'], hops: way.hops.slice(0, 1) };
    const there = stateOf({ ...plainNode.node, ways: [way, more] });
    const back = stateOf({ ...plainNode.node, ways: [more, way] });
    expect(new Map([...there.nexthops].sort())).toEqual(new Map([...back.nexthops].sort()));
    for (const id of there.nexthops.keys()) expect(Math.floor(id / 1_000_000)).toBe(830);
  });

  it('tells a thousand hosts apart', () => {
    const hops = Array.from({ length: 1_000 }, (_, index) => ({
      address: `10.1.${index >> 8}.${index & 255}`,
      weight: 1,
    }));
    const node = { ...encapsulatedNode.node, ways: [{ prefixes: ['10.20.0.0/16'], hops }] };
    const { neighbors, nexthops } = stateOf(node);
    expect([neighbors.size, new Set(neighbors.values()).size, nexthops.size]).toEqual([
      1_000, 1_000, 1_001,
    ]);
  });

  it('keeps a hop without flows for its return, and the group its id', () => {
    const all = stateOf(
      withHops({ address: '10.1.0.2', weight: 1 }, { address: '10.1.0.3', weight: 1 }),
    );
    const one = stateOf(
      withHops({ address: '10.1.0.2', weight: 1 }, { address: '10.1.0.3', weight: 0 }),
    );
    expect([...one.nexthops.keys()]).toEqual([...all.nexthops.keys()]);
    expect(groupsOf(one)[0]).toMatch(/^group \d+,1 type/);
    expect(one.routes).toEqual(all.routes);
  });

  it('has nothing but unreachable routes where no hop takes any flow', () => {
    const { nexthops, routes, rules } = stateOf(withHops({ address: '10.1.0.2', weight: 0 }));
    expect([...nexthops.values()]).toEqual(['via 10.1.0.2 dev eth0']);
    expect(routes).toEqual([{ prefix: '10.20.0.0/16', table: 8320, type: 'unreachable' }]);
    expect(rules).toHaveLength(2);
  });

  it('names the hosts to which no interface leads, and goes by the smallest subnet', () => {
    const node = withHops({ address: '10.1.0.2', weight: 1 }, { address: '10.9.0.1', weight: 1 });
    expect([...stateOf(node).unreached]).toEqual(['10.9.0.1']);
    const wide = { prefix: '10.0.0.0/8', interface: 'wide' };
    const { nexthops, unreached } = stateOf(node, { subnets: [wide, ...SUBNETS] });
    expect(unreached.size).toBe(0);
    expect([...nexthops.values()].slice(0, 2).sort()).toEqual([
      'via 10.1.0.2 dev eth0',
      'via 10.9.0.1 dev wide',
    ]);
  });

  it('has other groups, with ids of their own, for a kernel without resilient ones', () => {
    const plain = stateOf(plainNode.node, { hasResilientGroups: false });
    const resilient = new Set(stateOf(plainNode.node).nexthops.keys());
    for (const [id, text] of plain.nexthops) {
      if (!text.startsWith('group')) continue;
      expect(text).toMatch(/^group \S+$/);
      expect(resilient.has(id)).toBe(false);
    }
  });

  it('sends both families inside of VXLAN to hosts of either one', () => {
    const { neighbors, nexthops, unreached } = stateOf(encapsulatedNode.node);
    expect([...nexthops.values()].filter((text) => text.includes('encap'))).toEqual([
      expect.stringMatching(
        /^via 169\.254\.\S+ dev spvx000001 onlink encap ip id 83 dst 10\.1\.0\.2$/,
      ),
      expect.stringMatching(
        /^via 169\.254\.\S+ dev spvx000001 onlink encap ip6 id 83 dst fd01::3$/,
      ),
      expect.stringMatching(
        /^via fe80::83:\S+ dev spvx000001 onlink encap ip id 83 dst 10\.1\.0\.2$/,
      ),
      expect.stringMatching(/^via fe80::83:\S+ dev spvx000001 onlink encap ip6 id 83 dst fd01::3$/),
    ]);
    expect([...neighbors.values()].sort()).toEqual([
      '02:53:0a:01:00:02',
      '02:53:0a:01:00:02',
      '02:53:48:dd:a9:46',
      '02:53:48:dd:a9:46',
    ]);
    expect(unreached.size).toBe(0);
  });
});

it('tells to which prefixes there is a way by a nexthop object', () => {
  const routes = [
    { prefix: '10.50.0.0/16', table: 8300, type: 'unicast', nexthop: 830_200_001 },
    { prefix: '10.51.0.0/16', table: 8300, type: 'unicast', interface: 'sp1' },
    { prefix: '10.52.0.0/16', table: 8320, type: 'unreachable' },
  ];
  expect([...prefixesByNexthop(routes)]).toEqual(['10.50.0.0/16']);
  expect(prefixesByNexthop(routes)).toBe(prefixesByNexthop(routes));
});
