import { describe, expect, it } from 'vitest';
import type { HostPlan } from './host-plan.ts';
import {
  listen,
  quietHosts,
  type ReflectedPath,
  type Reflectors,
  reflectedWays,
  reflectorsOf,
  type Told,
  withReflected,
} from './reflected.ts';
import { planWorld } from './testing/plan-world.ts';
import { WORLDS } from './testing/worlds.ts';

const reflectors: Reflectors = {
  gateways: [
    { host: 'gw1', hops: ['10.0.0.1', 'fd00::1'], weight: 3, speakers: ['10.0.0.1', 'fd00::1'] },
    { host: 'gw2', hops: ['10.0.0.2', 'fd00::2'], weight: 1, speakers: ['10.0.0.2', 'fd00::2'] },
  ],
  families: new Map([
    ['10.0.0.1', [4]],
    ['10.0.0.2', [4]],
    ['fd00::1', [6]],
    ['fd00::2', [6]],
  ]),
};
const ALL = ['10.0.0.1', '10.0.0.2', 'fd00::1', 'fd00::2'];

const path = (prefix: string, speaker: string, nextHop = speaker): ReflectedPath => ({
  ...{ prefix, speaker, nextHop },
});
const BOTH = [
  path('10.50.0.0/16', '10.0.0.1'),
  path('10.50.0.0/16', '10.0.0.2'),
  path('10.60.0.0/16', '10.0.0.1'),
  path('fd50::/48', 'fd00::2'),
];

const hear = (before: readonly Told[], speaking: string[], paths: ReflectedPath[]): Told[] =>
  listen(before, reflectors, { speaking: new Set(speaking), paths });
const ways = (told: readonly Told[]): Record<string, string[]> =>
  Object.fromEntries(
    reflectedWays(told, reflectors).map(({ prefixes, hops }) => [
      hops.map(({ address }) => address).join(' '),
      [...prefixes],
    ]),
  );

const TOGETHER = '10.0.0.1 10.0.0.2 fd00::1 fd00::2';

describe('what gateways have told', () => {
  it('goes by all that tell it', () => {
    const told = hear([], ALL, BOTH);
    expect(ways(told)).toEqual({
      [TOGETHER]: ['10.50.0.0/16'],
      '10.0.0.1 fd00::1': ['10.60.0.0/16'],
      '10.0.0.2 fd00::2': ['fd50::/48'],
    });
    expect(quietHosts(told, reflectors)).toEqual(new Set());
  });

  it('goes by each gateway with its weight', () => {
    const told = hear([], ALL, BOTH.slice(0, 2));
    expect(reflectedWays(told, reflectors)[0]?.hops).toEqual([
      { address: '10.0.0.1', weight: 3 },
      { address: '10.0.0.2', weight: 1 },
      { address: 'fd00::1', weight: 3 },
      { address: 'fd00::2', weight: 1 },
    ]);
  });

  it('goes by the gateway that is its next hop, whoever has reflected it', () => {
    const told = hear([], ALL, [path('10.50.0.0/16', '10.0.0.2', '10.0.0.1')]);
    expect(ways(told)).toEqual({ '10.0.0.1 fd00::1': ['10.50.0.0/16'] });
    const unknown = hear([], ALL, [path('10.50.0.0/16', '10.0.0.2', 'fe80::7')]);
    expect(ways(unknown)).toEqual({ '10.0.0.2 fd00::2': ['10.50.0.0/16'] });
  });

  it('keeps the place of a gateway that is quiet, and what only others say no more is gone', () => {
    const before = hear([], ALL, BOTH);
    const after = hear(before, ['10.0.0.2', 'fd00::2'], BOTH.slice(1, 2).concat(BOTH.slice(3)));
    expect(ways(after)).toEqual({
      [TOGETHER]: ['10.50.0.0/16'],
      '10.0.0.2 fd00::2': ['fd50::/48'],
    });
    expect(quietHosts(after, reflectors)).toEqual(new Set(['gw1']));
  });

  it('stays as it was where none speaks', () => {
    const before = hear([], ALL, BOTH);
    const after = hear(before, [], []);
    expect(ways(after)).toEqual(ways(before));
    expect(quietHosts(after, reflectors)).toEqual(new Set(['gw1', 'gw2']));
  });

  it('is another thing as soon as one speaks again', () => {
    const silent = hear(hear([], ALL, BOTH), [], []);
    const after = hear(silent, ['10.0.0.1'], [path('10.70.0.0/16', '10.0.0.1')]);
    expect(ways(after)).toEqual({
      '10.0.0.1 fd00::1': ['10.70.0.0/16'],
      '10.0.0.2 fd00::2': ['fd50::/48'],
    });
  });
});

const nodeWorld = WORLDS['a node behind two gateways'];
if (nodeWorld === undefined) throw new Error('the world is gone');
const { plan } = planWorld(nodeWorld);

describe('the plan of a node', () => {
  it('says where its gateways speak', () => {
    const found = reflectorsOf(plan);
    expect(found?.gateways.map(({ host }) => host)).toEqual(['gw1', 'gw2']);
    expect(found?.families.get('10.1.0.12')).toEqual([4, 6]);
  });

  const hopsTo = (of: HostPlan, wanted: string): string[][] =>
    (of.node?.ways ?? []).flatMap(({ prefixes, hops }) =>
      prefixes.includes(wanted) ? [hops.map(({ address }) => address)] : [],
    );
  const told = ['10.1.0.11', '10.1.0.12'].map((address, index) => ({
    prefixes: [`10.${50 + 10 * index}.0.0/16`],
    hops: [{ address, weight: 1 }],
  }));

  it('gets the ways that were told', () => {
    const with_ = withReflected(plan, told, 'name');
    expect(hopsTo(with_, '10.50.0.0/16')).toEqual([['10.1.0.11']]);
    expect(hopsTo(with_, '10.60.0.0/16')).toEqual([['10.1.0.12']]);
    expect(hopsTo(with_, '10.70.0.0/16')).toEqual(hopsTo(plan, '10.70.0.0/16'));
    expect(with_.revision).toBe(`${plan.revision} with name`);
    expect(withReflected(plan, [], 'name')).toBe(plan);
  });

  it('sends to a declared network by those that tell of it, and by all that could where nobody does', () => {
    expect(hopsTo(plan, '10.70.0.0/16')).toEqual([['10.1.0.11']]);
    const hops = [{ address: '10.1.0.12', weight: 1 }];
    const way = { prefixes: ['10.60.0.0/16', '10.70.0.0/16'], hops };
    const with_ = withReflected(plan, [way], 'name');
    expect(hopsTo(with_, '10.70.0.0/16')).toEqual([['10.1.0.12']]);
    expect(hopsTo(with_, '10.60.0.0/16')).toEqual([['10.1.0.12']]);
    // The other family is another network.
    expect(hopsTo(with_, 'fd70::/48')).toEqual(hopsTo(plan, 'fd70::/48'));
  });

  it('goes on with a gateway that speaks no BGP, whatever the others tell', () => {
    const node = plan.node ?? expect.fail('no node');
    const gateways = (node.gateways ?? []).map((gateway) =>
      gateway.host === 'gw1' ? { ...gateway, speakers: [] } : gateway,
    );
    const hops = [{ address: '10.1.0.12', weight: 1 }];
    const way = { prefixes: ['10.60.0.0/16', '10.70.0.0/16'], hops };
    const with_ = withReflected({ ...plan, node: { ...node, gateways } }, [way], 'name');
    expect(hopsTo(with_, '10.70.0.0/16')).toEqual([['10.1.0.11', '10.1.0.12']]);
    expect(hopsTo(with_, '10.60.0.0/16')).toEqual([['10.1.0.12']]);
  });
});

it('a gateway has nobody who tells it as a node is told', () => {
  expect(reflectorsOf(planWorld({ ...nodeWorld, host: 'gw1' }).plan)).toBeUndefined();
});
