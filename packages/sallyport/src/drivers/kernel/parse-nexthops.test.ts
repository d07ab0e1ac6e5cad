/** Output of iproute2 6.1, recorded with the plans of `testing/nodes.ts` in effect, beside objects of others. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatRoute } from '../../plan/describe.ts';
import { canonicalDesired } from './canonical.ts';
import { nodeState } from './node-state.ts';
import { parseLinks, parseRoutes } from './parse.ts';
import { parseNeighbors, parseNexthops } from './parse-nexthops.ts';
import { formatObservedRoute } from './render.ts';
import { encapsulatedNode, plainNode, SUBNETS } from './testing/nodes.ts';

const recorded = (name: string): string =>
  readFileSync(join(import.meta.dirname, 'testdata', `ip-6.1-${name}.json`), 'utf8');

describe.each([
  { name: 'plain', desired: plainNode },
  { name: 'encapsulated', desired: encapsulatedNode },
])('what ip shows of a node, $name,', ({ name, desired }) => {
  const { node } = canonicalDesired(desired);
  if (node === undefined) throw new Error('a node stays a node');
  const wanted = nodeState(node, { subnets: SUBNETS, hasResilientGroups: true });
  const sorted = <K, V>(map: ReadonlyMap<K, V>): [K, V][] => [...map].sort();

  it('are the wanted nexthop objects, and none of others', () => {
    expect(sorted(parseNexthops(recorded(`${name}-nexthop`)))).toEqual(sorted(wanted.nexthops));
  });

  it('are the wanted routes', () => {
    const routes = ([4, 6] as const).flatMap((family) =>
      parseRoutes(recorded(`${name}-route-${family}`), family),
    );
    expect(routes.map(formatObservedRoute).sort()).toEqual(wanted.routes.map(formatRoute).sort());
    expect(routes.filter(({ other }) => other !== undefined)).toEqual([]);
  });
});

describe('what ip shows of VXLAN', () => {
  it('are the wanted neighbours, and none of others', () => {
    const { neighbors } = nodeState(encapsulatedNode.node, {
      subnets: SUBNETS,
      hasResilientGroups: true,
    });
    expect([...parseNeighbors(recorded('encapsulated-neighbor'))].sort()).toEqual(
      [...neighbors].sort(),
    );
  });

  it('is the wanted device', () => {
    expect(parseLinks(recorded('encapsulated-address')).interfaces).toEqual([
      {
        name: 'spvx000001',
        kind: 'vxlan',
        mtuBytes: 1450,
        isUp: true,
        alias: 'sallyport nodes',
        port: 8300,
        ethernetAddress: '02:53:0a:01:00:01',
        addresses: [],
      },
    ]);
  });
});

describe('any JSON that ip may print', () => {
  it('is read without a throw', () => {
    const field = fc.constantFrom('id', 'group', 'protocol', 'flags', 'encap', 'dst', 'lladdr');
    const value = fc.oneof(fc.jsonValue(), fc.constant('83'));
    fc.assert(
      fc.property(fc.array(fc.dictionary(field, value)), (rows) => {
        const text = JSON.stringify(rows);
        expect(() => [parseNexthops(text), parseNeighbors(text)]).not.toThrow();
      }),
    );
  });

  it('says no more than ip does', () => {
    const rows = [
      { id: 5, protocol: '83', encap: 'ip' },
      { id: 6, protocol: '83', group: [{}] },
    ];
    expect([...parseNexthops(JSON.stringify(rows))]).toEqual([
      [5, 'encap ip id  dst '],
      [6, 'group NaN,1'],
    ]);
    expect([...parseNeighbors('[{"protocol":"83"}]')]).toEqual([[' dev ', '']]);
  });
});
