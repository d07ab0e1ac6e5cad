import { describe, expect, it } from 'vitest';
import type { RevocationListFacts } from '../model/facts.ts';
import { contentOf, newestLists } from './revocation-lists.ts';

const list = (fingerprint: string, change: Partial<RevocationListFacts>): RevocationListFacts => ({
  ...{ issuer: 'CN=site', issuerKey: 'a', thisUpdate: '2026-06-01T00:00:00.000Z', fingerprint },
  ...change,
});

function chosen(...lists: readonly RevocationListFacts[]): string[] {
  const found = newestLists(lists).map(({ fingerprint }) => fingerprint);
  expect(newestLists(lists.toReversed()).map(({ fingerprint }) => fingerprint)).toEqual(found);
  return found;
}

describe('newestLists', () => {
  it('goes by number, whatever the time says, however long it is', () => {
    const later = list('later', { number: '9', thisUpdate: '2026-06-02T00:00:00.000Z' });
    expect(chosen(later, list('tenth', { number: '10' }))).toEqual(['tenth']);
    const long = '99999999999999999999999';
    expect(chosen(list('x', { number: long }), list('y', { number: `${long}0` }))).toEqual(['y']);
  });

  it('goes by time where one has no number', () => {
    const later = list('later', { thisUpdate: '2026-06-02T00:00:00.000Z' });
    expect(chosen(later, list('tenth', { number: '10' }))).toEqual(['later']);
  });

  it('keeps one of each issuer, also of two that have one name', () => {
    const lists = [list('two', { issuerKey: 'b' }), list('one', { issuerKey: 'a' })];
    expect(chosen(...lists)).toEqual(['one', 'two']);
  });
});

describe('contentOf', () => {
  it('is another one for another fingerprint, or another list that counts', () => {
    const newer = list('newer', { number: '2' });
    const older = list('older', { number: '1' });
    const of = (...revocationLists: readonly RevocationListFacts[]): string =>
      contentOf({ fingerprint: 'f', revocationLists });
    expect(of()).toBe(contentOf({ fingerprint: 'f' }));
    expect(of(older)).not.toBe(of(newer));
    expect(of(older, newer)).toBe(of(newer));
    expect(contentOf({ fingerprint: 'g' })).not.toBe(of());
  });
});
