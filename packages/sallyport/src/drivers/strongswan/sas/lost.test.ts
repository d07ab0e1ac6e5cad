import { describe, expect, it } from 'vitest';
import { fakeSa } from '../testing/sas.ts';
import { findLost, type KernelView } from './lost.ts';

const sa = fakeSa({
  name: 'sp.a.b.c',
  uniqueId: '1',
  children: [
    { name: 'v4', uniqueId: '7' },
    { name: 'v6', uniqueId: '8', selectors: { local: ['a', 'b'], remote: ['c'] } },
    { name: 'v6', uniqueId: '9', state: 'REKEYED' },
    { name: 'v6', uniqueId: '10', state: 'CREATED' },
  ],
});
const states = ['c0000007', 'd0000007', 'c0000008', 'd0000008'].map((spi) => ({
  spi,
  isInstalled: true,
}));
// Both children have the reqid 1: two pairs are the most that one of them needs.
const policies = ['in', 'out', 'fwd'].flatMap((direction) => [
  { direction, reqid: 1 },
  { direction, reqid: 1 },
  { direction, reqid: 2 },
]);
const whole: KernelView = { states, policies };

describe('findLost', () => {
  it('finds nothing where the kernel has states and policies of each installed Child SA', () => {
    expect(findLost([sa], whole)).toEqual(new Set());
  });

  it.each(['c0000007', 'd0000007'])('finds the Child SA that lacks its state %s', (spi) => {
    const others = states.filter((state) => state.spi !== spi);
    expect(findLost([sa], { ...whole, states: others })).toEqual(new Set(['7']));
    const larval = [...others, { spi, isInstalled: false }];
    expect(findLost([sa], { ...whole, states: larval })).toEqual(new Set(['7']));
  });

  it.each(['in', 'out', 'fwd'])(
    'finds the Child SA that lacks a policy for one of its pairs of networks: %s',
    (direction) => {
      const first = policies.findIndex((policy) => policy.direction === direction);
      expect(findLost([sa], { ...whole, policies: policies.toSpliced(first, 1) })).toEqual(
        new Set(['8']),
      );
    },
  );

  it('finds all of them after a flush, but none that is coming or going', () => {
    expect(findLost([sa], { ...whole, states: [] })).toEqual(new Set(['7', '8']));
    expect(findLost([sa], { ...whole, policies: [] })).toEqual(new Set(['7', '8']));
  });
});
