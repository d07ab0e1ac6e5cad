import { describe, expect, it } from 'vitest';
import { findLost } from './lost.ts';
import { fakeSa } from './testing/sas.ts';

const sa = fakeSa({
  name: 'sp.a.b.c',
  uniqueId: '1',
  children: [
    { name: 'v4', uniqueId: '7' },
    { name: 'v6', uniqueId: '8' },
    { name: 'v6', uniqueId: '9', state: 'REKEYED' },
    { name: 'v6', uniqueId: '10', state: 'CREATED' },
  ],
});
const spis = new Set(['c0000007', 'd0000007', 'c0000008', 'd0000008']);
const without = (spi: string): Set<string> => new Set([...spis].filter((other) => other !== spi));

describe('findLost', () => {
  it('finds nothing where the kernel has both states of each installed Child SA', () => {
    expect(findLost([sa], spis)).toEqual(new Set());
  });

  it.each(['c0000007', 'd0000007'])('finds the Child SA that lacks its state %s', (spi) => {
    expect(findLost([sa], without(spi))).toEqual(new Set(['7']));
  });

  it('finds all of them after a flush, but none that is coming or going', () => {
    expect(findLost([sa], new Set())).toEqual(new Set(['7', '8']));
  });
});
