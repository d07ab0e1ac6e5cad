/** Rulesets are those that nft 1.0.6 made of scripts; each is named by what its script says. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import type { TunnelPlan } from '../../../plan/host-plan.ts';
import { tunnel } from '../../../status/testing/subjects.ts';
import { findStops } from './firewall-flows.ts';
import { parseRuleset, type Ruleset } from './ruleset.ts';

let texts: Readonly<Record<string, unknown>>;

beforeAll(async () => {
  const path = join(import.meta.dirname, '..', 'testdata', 'rulesets.nft-1.0.6.json');
  texts = JSON.parse(await readFile(path, 'utf8')) as typeof texts;
});

const inner = {
  ...{ local: '10.1.0.0/24', remote: '10.2.0.0/24' },
  ...{ localInterface: 'lan', remoteInterface: 'sp01234567' },
};
const outer = { local: '198.51.100.1', remote: '203.0.113.1', interface: 'wan' };

function rulesetOf(name: string): Ruleset {
  return parseRuleset(JSON.stringify(texts[name]));
}

/** `flow: chain rule action`, with a question mark where it depends. */
function stopsIn(
  name: string,
  plan: TunnelPlan = tunnel,
  pairs: object = { inner: [inner] },
): string[] {
  const ruleset = rulesetOf(name);
  const stops = findStops({ before: ruleset, after: ruleset }, plan, { inner: [], ...pairs });
  return stops.map(({ flow, place, action, isCertain }) => {
    const at = place.replace(/^table \S+ \S+, chain (\S+), /, '$1 ');
    return `${flow}: ${at} ${action}${isCertain ? '' : '?'}`;
  });
}

const ALL_FORWARDED = ['forwarded out', 'forwarded in', 'begun by the other side'];
const policy = (...flows: readonly string[]): string[] =>
  flows.map((flow) => `${flow}: forward its policy drop`);

describe('packets between the networks', () => {
  it.each([
    ['default drop', policy('forwarded out', 'begun by the other side')],
    ['default drop that lets the tunnel pass', []],
    ['accepts by port', ALL_FORWARDED.map((flow) => `${flow}: forward its policy drop?`)],
    ['drops one network', ['forwarded out: forward rule with handle 2 "no branch" drop']],
    ['drops a part', ['forwarded out: forward rule with handle 2 drop?']],
    [
      'drops another network',
      [
        'forwarded in: forward rule with handle 2 drop',
        'begun by the other side: forward rule with handle 2 drop',
      ],
    ],
    ['by a set', ['forwarded out: forward rule with handle 3 drop']],
    ['by a pair', ['forwarded out: forward rule with handle 3 drop']],
    ['jump to drop', ['forwarded out: sub rule with handle 4 drop']],
    ['jump to return', ['forwarded out: forward rule with handle 5 drop']],
    ['goto accept', []],
    ['goto through', policy(...ALL_FORWARDED)],
    [
      'perhaps accepts, then drops',
      ALL_FORWARDED.map((flow) => `${flow}: forward rule with handle 3 drop?`),
    ],
    [
      'perhaps drops, then drops',
      ALL_FORWARDED.flatMap((flow) => [
        `${flow}: forward rule with handle 2 drop?`,
        `${flow}: forward rule with handle 3 drop`,
      ]),
    ],
    [
      'perhaps jumps to accept',
      ALL_FORWARDED.map((flow) => `${flow}: forward rule with handle 5 drop?`),
    ],
    ['limits', ALL_FORWARDED.map((flow) => `${flow}: forward rule with handle 3 drop?`)],
    ['verdict by map', ['forwarded out: forward rule with handle 3 drop']],
    [
      'verdict by map perhaps',
      ALL_FORWARDED.map((flow) => `${flow}: forward rule with handle 3 drop?`),
    ],
    ['by interface index', ['forwarded out: forward rule with handle 3 drop']],
    ['not encrypted', ALL_FORWARDED.map((flow) => `${flow}: forward rule with handle 2 drop`)],
    ['encrypted', []],
    ['prerouting', ['forwarded out: raw rule with handle 2 drop']],
    ['masquerade', ['forwarded out: post rule with handle 2 translate']],
    ['masquerade elsewhere', []],
    ['source translation of the network', ['forwarded out: post rule with handle 2 translate']],
    ['six only', []],
    ['dormant', []],
    ['ours', []],
    ['two chains', policy(...ALL_FORWARDED)],
    ['input drops all but ssh', []],
  ])('%s', (name, stops) => {
    expect(stopsIn(name)).toEqual(stops);
  });

  it('knows what a policy will encrypt, or has decrypted', () => {
    const byPolicy = { ...tunnel, dataPlane: 'policy' as const };
    expect(stopsIn('not encrypted', byPolicy)).toEqual([]);
    expect(stopsIn('encrypted', byPolicy)).toEqual(
      ALL_FORWARDED.map((flow) => `${flow}: forward rule with handle 2 drop`),
    );
  });

  it('knows the family', () => {
    const six = { ...inner, local: 'fd01::/64', remote: 'fd02::/64' };
    expect(stopsIn('six only', tunnel, { inner: [six] })).toEqual(policy(...ALL_FORWARDED));
    expect(stopsIn('drops another network', tunnel, { inner: [six] })).toEqual(
      ALL_FORWARDED.map((flow) => `${flow}: forward rule with handle 3 drop`),
    );
    expect(stopsIn('two chains', tunnel, { inner: [six] })).toEqual([]);
  });
});

describe('packets between the gateways', () => {
  const pairs = { outer };

  it.each([
    ['input drops all but ssh', []],
    ['input lets ike pass', []],
    ['input drops esp', ['incoming ESP: input rule with handle 2 drop']],
    ['input drops esp by number', ['incoming ESP: input rule with handle 2 drop']],
    ['output drops ike', ['outgoing IKE: output rule with handle 2 drop']],
    [
      'output drops peer',
      ['outgoing IKE', 'outgoing IKE', 'outgoing ESP'].map(
        (flow) => `${flow}: output rule with handle 2 drop`,
      ),
    ],
    ['default drop', []],
  ])('%s', (name, stops) => {
    expect(stopsIn(name, tunnel, pairs)).toEqual(stops);
  });

  it('has to let the first packet in where the other side begins', () => {
    const answering = { ...tunnel, start: 'respond' as const };
    expect(stopsIn('input drops all but ssh', answering, pairs)).toEqual([
      'incoming IKE: input its policy drop',
      'incoming IKE: input its policy drop',
    ]);
    expect(stopsIn('input lets ike pass', answering, pairs)).toEqual([]);
  });

  it('is all UDP where ESP goes in UDP', () => {
    const forced = { ...tunnel, forceEncapsulation: true };
    expect(stopsIn('input drops esp', forced, pairs)).toEqual([]);
    const userspace = { ...tunnel, dataPlane: 'userspace' as const };
    expect(stopsIn('output drops peer', userspace, pairs)).toHaveLength(2);
  });
});

describe('findStops', () => {
  it('tells what a rule has counted before and since', () => {
    const text = JSON.stringify(texts['drops one network']);
    const before = parseRuleset(text.replaceAll('"packets":0', '"packets":3'));
    const after = parseRuleset(text.replaceAll('"packets":0', '"packets":8'));
    const [stop] = findStops({ before, after }, tunnel, { inner: [inner] });
    expect(stop).toEqual({
      flow: 'forwarded out',
      packet: '10.1.0.0/24 -> 10.2.0.0/24',
      place: 'table inet filter, chain forward, rule with handle 2 "no branch"',
      action: 'drop',
      isCertain: true,
      counted: { before: 3, after: 8 },
    });
    const fresh = findStops({ before: parseRuleset('{}'), after }, tunnel, { inner: [inner] });
    expect(fresh[0]).not.toHaveProperty('counted');
  });

  it('comes to an end where chains jump to each other again and again', () => {
    const place = { family: 'inet', table: 't' };
    const base = { type: 'filter', hook: 'forward', prio: 0, policy: 'drop' };
    const jump = (chain: string, target: string): object => ({
      rule: { ...place, chain, handle: 1, expr: [{ match: {} }, { jump: { target } }] },
    });
    const names = Array.from({ length: 15 }, (_, index) => `c${index}`);
    const nftables = names.flatMap((name, index) => [
      { chain: { ...place, name, ...(index === 0 ? base : {}) } },
      ...Array.from({ length: 4 }, () => jump(name, `c${index + 1}`)),
    ]);
    const ruleset = parseRuleset(JSON.stringify({ nftables }));
    const stops = findStops({ before: ruleset, after: ruleset }, tunnel, { inner: [inner] });
    expect(stops.map(({ isCertain }) => isCertain)).toEqual([]);
  });

  it('does not know which device a chain of ingress belongs to where nft does not tell', () => {
    const chain = {
      ...{ family: 'netdev', table: 'f', name: 'i', type: 'filter', hook: 'ingress', prio: 0 },
      policy: 'drop',
    };
    const stops = (changed: object): boolean[] => {
      const ruleset = parseRuleset(
        JSON.stringify({ nftables: [{ chain: { ...chain, ...changed } }] }),
      );
      return findStops({ before: ruleset, after: ruleset }, tunnel, { inner: [], outer }).map(
        ({ isCertain }) => isCertain,
      );
    };
    expect(stops({})).toEqual([false, false, false]);
    expect(stops({ dev: 'wan' })).toEqual([true, true, true]);
    expect(stops({ dev: ['dmz', 'lan'] })).toEqual([]);
  });
});

describe('parseRuleset', () => {
  it.each([
    '{}',
    '[]',
    '{"nftables":3}',
    '{"nftables":[null,{"rule":{}},{"chain":{}},{"set":{"elem":3}}]}',
  ])('finds nothing that stops packets in %s', (text) => {
    const ruleset = parseRuleset(text);
    expect(findStops({ before: ruleset, after: ruleset }, tunnel, { inner: [inner] })).toEqual([]);
  });
});
