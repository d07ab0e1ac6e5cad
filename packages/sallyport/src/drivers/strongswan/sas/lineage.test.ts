import { describe, expect, it } from 'vitest';
import { childRekey, ikeRekey } from '../testing/sas.ts';
import { Lineage } from './lineage.ts';

const origins = {
  ike: new Map([['1', 'hash']]),
  children: new Map([['7', { hash: 'hash', ike: '1', name: 'v4' }]]),
};

function lineageOf(...events: Parameters<Lineage['noteEvent']>[0][]): Lineage {
  const lineage = new Lineage();
  for (const event of events) lineage.noteEvent(event);
  return lineage;
}

describe('Lineage', () => {
  it('follows each kind of SA through its rekeys', () => {
    const lineage = lineageOf(ikeRekey('1', '2'), childRekey('2', '3'), ikeRekey('2', '5'));
    expect(lineage.ofIke('5')).toEqual(['5', '2', '1']);
    expect(lineage.ofChild('3')).toEqual(['3', '2']);
    expect(lineage.ofChild('5')).toEqual(['5']);
  });

  it('believes no circle', () => {
    const lineage = lineageOf(ikeRekey('1', '2'), ikeRekey('2', '1'), ikeRekey('2', '2'));
    expect(lineage.ofIke('1')).toEqual(['1']);
    expect(lineage.ofIke('2')).toEqual(['2', '1']);
  });

  it('keeps what leads to an SA that is known, and nothing else', () => {
    const lineage = lineageOf(ikeRekey('1', '2'), ikeRekey('2', '3'), ikeRekey('4', '5'));
    lineage.noteEvent(childRekey('7', '8'));
    lineage.keepOnly(origins);
    expect([lineage.ofIke('3'), lineage.ofIke('5')]).toEqual([['3', '2', '1'], ['5']]);
    expect(lineage.ofChild('8')).toEqual(['8', '7']);
  });

  it('knows nothing of the daemon before', () => {
    const lineage = lineageOf(ikeRekey('1', '2'), childRekey('7', '8'));
    lineage.clear();
    expect([lineage.ofIke('2'), lineage.ofChild('8')]).toEqual([['2'], ['8']]);
  });
});
