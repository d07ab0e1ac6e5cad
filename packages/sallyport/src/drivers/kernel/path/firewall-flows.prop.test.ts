import fc from 'fast-check';
import { expect, it } from 'vitest';
import { tunnel } from '../../../status/testing/subjects.ts';
import { findStops } from './firewall-flows.ts';
import { parseRuleset } from './ruleset.ts';

const inner = {
  ...{ local: '10.1.0.0/24', remote: '10.2.0.0/24' },
  ...{ localInterface: 'lan', remoteInterface: 'sp01234567' },
};
const outer = { local: '198.51.100.1', remote: '203.0.113.1', interface: 'wan' };
const pairs = { inner: [inner], outer };

const left = fc.oneof(
  fc.constantFrom(
    { payload: { protocol: 'ip', field: 'saddr' } },
    { payload: { protocol: 'udp', field: 'dport' } },
    { meta: { key: 'iifname' } },
    { ct: { key: 'state' } },
    { concat: [{ meta: { key: 'oif' } }, { payload: { protocol: 'ip6', field: 'daddr' } }] },
  ),
  fc.jsonValue(),
);
const right = fc.oneof(
  fc.constantFrom('10.1.0.0/16', 500, '@s', 'new', { range: ['10.1.0.0', 3] }, { set: [null] }),
  fc.jsonValue(),
);
const statement = fc.oneof(
  fc.record({ match: fc.record({ op: fc.constantFrom('==', '!=', '<', 'in'), left, right }) }),
  fc.record({ vmap: fc.record({ key: left, data: fc.oneof(right, fc.record({ set: right })) }) }),
  fc.constantFrom<unknown[]>({ accept: null }, { drop: null }, { return: null }, { limit: {} }),
  fc.constantFrom({ jump: { target: 'nowhere' } }, { goto: { target: 'd' } }, { xt: null }),
  fc.jsonValue(),
);
const rule = fc.record({
  rule: fc.record({
    family: fc.constant('inet'),
    table: fc.constant('t'),
    chain: fc.constantFrom('c', 'd'),
    handle: fc.nat(),
    expr: fc.array(statement),
  }),
});
const chain = { family: 'inet', table: 't', name: 'c', type: 'filter', prio: 0, policy: 'drop' };

it('walks any ruleset to its end', () => {
  fc.assert(
    fc.property(
      fc.array(fc.oneof(rule, fc.jsonValue()), { maxLength: 6 }),
      fc.constantFrom('forward', 'input', 'ingress', 'output'),
      (items, hook) => {
        const text = JSON.stringify({
          nftables: [{ chain: { ...chain, hook } }, { chain: { ...chain, name: 'd' } }, ...items],
        });
        const ruleset = parseRuleset(text);
        const stops = findStops({ before: ruleset, after: ruleset }, tunnel, pairs);
        expect(stops.every(({ place }) => place.startsWith('table '))).toBe(true);
      },
    ),
    { numRuns: 30 },
  );
});
