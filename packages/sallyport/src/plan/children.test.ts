import { describe, expect, it } from 'vitest';
import { planChildren, sortPrefixes } from './children.ts';

describe('sortPrefixes', () => {
  it.each([
    { what: 'as numbers, not as text', given: ['10.10.0.0/16', '10.2.0.0/16'], last: 0 },
    { what: 'IPv4 before IPv6', given: ['fd00::/8', '192.0.2.0/24'], last: 0 },
    { what: 'the larger network first', given: ['10.0.0.0/16', '10.0.0.0/8'], last: 0 },
  ])('sorts $what', ({ given, last }) => {
    expect(sortPrefixes(given)).toEqual(given.toReversed());
    expect(sortPrefixes(given.toReversed()).at(-1)).toBe(given[last]);
  });

  it('writes every prefix in one spelling, and once', () => {
    expect(sortPrefixes(['FD20:0:0::/48', 'fd20::/48', '10.0.0.0/8', '10.0.0.0/8'])).toEqual([
      '10.0.0.0/8',
      'fd20::/48',
    ]);
  });
});

describe('planChildren', () => {
  const ours = ['10.10.0.0/16', 'fd10::/48'];

  it('makes one child of each family, with all its networks', () => {
    const theirs = ['fd20::/48', '10.30.0.0/16', '10.20.0.0/16'];
    expect(planChildren(ours, theirs, 'per-family')).toEqual([
      {
        name: 'v4',
        localSelectors: ['10.10.0.0/16'],
        remoteSelectors: ['10.20.0.0/16', '10.30.0.0/16'],
      },
      { name: 'v6', localSelectors: ['fd10::/48'], remoteSelectors: ['fd20::/48'] },
    ]);
  });

  it.each(['per-family', 'per-pair'] as const)(
    'leaves out, %s, what only one side has networks of',
    (selectors) => {
      expect(planChildren(ours, ['fd20::/48'], selectors)).toMatchObject([
        { localSelectors: ['fd10::/48'] },
      ]);
      expect(planChildren(['10.10.0.0/16'], ['fd20::/48'], selectors)).toEqual([]);
    },
  );

  it('makes a child of each pair inside one family, and of none across families', () => {
    const children = planChildren(
      ['10.10.0.0/16', '10.11.0.0/16', 'fd10::/48'],
      ['10.20.0.0/16', '10.21.0.0/16', 'fd20::/48'],
      'per-pair',
    );
    const names = children.map(({ name }) => name);
    expect(names).toEqual(names.toSorted());
    const pairs = children.map((child) => [...child.localSelectors, ...child.remoteSelectors]);
    expect(pairs.map((pair) => pair.join(' ')).sort()).toEqual([
      '10.10.0.0/16 10.20.0.0/16',
      '10.10.0.0/16 10.21.0.0/16',
      '10.11.0.0/16 10.20.0.0/16',
      '10.11.0.0/16 10.21.0.0/16',
      'fd10::/48 fd20::/48',
    ]);
  });

  it('keeps the name of a pair when other networks come and go', () => {
    const [alone] = planChildren(['10.10.0.0/16'], ['10.20.0.0/16'], 'per-pair');
    const among = planChildren(
      ['10.9.0.0/16', '10.10.0.0/16'],
      ['10.19.0.0/16', '10.20.0.0/16'],
      'per-pair',
    );
    expect(among).toContainEqual(alone);
    expect(alone?.name).toMatch(/^p-[0-9a-f]{8}$/);
  });

  it('keeps the name of a pair in another spelling', () => {
    expect(planChildren(['FD10::/48'], ['fd20:0::/48'], 'per-pair')).toEqual(
      planChildren(['fd10::/48'], ['fd20::/48'], 'per-pair'),
    );
  });

  it('gives two names to two pairs whose hashes begin alike', () => {
    // Found by search: the first and the last pair share the first 32 bits.
    const children = planChildren(
      ['fd10:0:0:85::/64', 'fd10:0:0:cd::/64'],
      ['fd20:0:0:3e::/64', 'fd20:0:0:81::/64'],
      'per-pair',
    );
    expect(children.filter(({ name }) => name.startsWith('p-69b21679'))).toHaveLength(2);
    expect(new Set(children.map(({ name }) => name)).size).toBe(4);
  });
});
