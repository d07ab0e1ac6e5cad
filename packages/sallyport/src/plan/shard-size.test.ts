/** How many tunnels one IKE daemon may have, by itself: worlds of that size take their time. */
import { describe, expect, it } from 'vitest';
import { indexObjects } from '../model/declared-objects.ts';
import type { DeclaredObject } from '../model/objects.ts';
import { judge, twoSites, vary } from '../model/testing.ts';
import { planHost } from './plan-host.ts';
import { MOST_CONNECTIONS, type PlanProblem } from './problems.ts';

const { objects } = judge(
  vary(twoSites, [
    "addresses: [192.0.2.10, '2001:db8:1::10']",
    'addresses: [192.0.2.10]\n  shards: [{name: ike2, addresses: [192.0.2.20]}]',
  ]),
);
const [pattern] = [...objects.connections.values()];

/** `counts`: connections by local address. */
function problemsOf(counts: Readonly<Record<string, number>>, enabled = true): PlanProblem[] {
  if (pattern === undefined) throw new Error('the world has no connection');
  const connections = Object.entries(counts).flatMap(([address, count], index) =>
    Array.from({ length: count }, (_, number): DeclaredObject => {
      const name = `c-${String(index)}-${String(number)}`;
      const network = `10.${String(100 + index)}.${String(number >> 8)}.${String(number & 255)}/32`;
      return {
        ...pattern,
        metadata: { ...pattern.metadata, name },
        spec: {
          ...pattern.spec,
          adminState: enabled ? 'enabled' : 'disabled',
          tunnels: [
            { name: 'main', local: { address }, priority: 0, remote: { address: '198.51.100.20' } },
          ],
          routing: { static: { networks: [network] } },
        },
      };
    }),
  );
  const others = [...objects.hosts.values(), ...objects.gateways.values()];
  const { problems } = planHost(indexObjects([...others, ...connections]), 'gw1', {
    hosts: [],
    secrets: [],
  });
  return problems.filter(({ code }) => code === 'plan/shard-too-large');
}

describe('a daemon', () => {
  it('may have as many tunnels as it can serve, beside as many of another one', () => {
    expect(problemsOf({ '192.0.2.10': MOST_CONNECTIONS, '192.0.2.20': MOST_CONNECTIONS })).toEqual(
      [],
    );
  });

  it.each([
    ['192.0.2.10', 'spec.addresses', 'no shard'],
    ['192.0.2.20', 'spec.shards', 'ike2'],
  ])('at %s may not have one more', (address, path, value) => {
    expect(problemsOf({ [address]: MOST_CONNECTIONS + 1 })).toMatchObject([
      {
        severity: 'error',
        object: { kind: 'Host', namespace: 'default', name: 'gw1' },
        path,
        value,
        message: '2501 tunnels end in one IKE daemon, which can have 2500',
        hint: expect.stringContaining('declare a further shard') as unknown,
      },
    ]);
  });

  it('does not count tunnels that are disabled', () => {
    expect(problemsOf({ '192.0.2.10': MOST_CONNECTIONS + 1 }, false)).toEqual([]);
  });
});
