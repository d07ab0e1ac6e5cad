import { beforeEach, describe, expect, it } from 'vitest';
import { type FakeSa, fakeSa, ikeRekey } from '../../drivers/strongswan/testing/sas.ts';
import { SaNews } from './sa-news.ts';

const settled: FakeSa = {
  name: 'sp.a',
  uniqueId: '1',
  children: [{ name: 'v4', uniqueId: '1' }],
};

let news: SaNews;

beforeEach(() => {
  news = new SaNews();
  news.take();
});

describe('SaNews', () => {
  it('knows of nothing when it begins', () => {
    expect(new SaNews().take()).toBe('all');
  });

  it('tells each name once', () => {
    news.note('sp.a');
    news.note('sp.b');
    expect(news.take()).toEqual(new Set(['sp.a', 'sp.b']));
    expect(news.take()).toEqual(new Set());
  });

  it('asks for all where something was missed, whatever else was told', () => {
    news.note('sp.a');
    news.noteAll();
    news.note('sp.b');
    expect(news.take()).toBe('all');
  });

  it('forgets in a new life of the daemon what it has told of rekeys, and asks for all', () => {
    news.noteEvent(ikeRekey('1', '2'));
    expect(news.lineage.ofIke('2')).toEqual(['2', '1']);
    news.beginLife();
    expect([news.lineage.ofIke('2'), news.take()]).toEqual([['2'], 'all']);
  });

  it('asks for all again and again where nothing is told any more', () => {
    news.deafen();
    expect([news.take(), news.take()]).toEqual(['all', 'all']);
  });

  it('reads the name out of every kind of event', () => {
    const [sa, successor] = [fakeSa(settled), fakeSa({ ...settled, name: 'sp.b' })];
    news.noteEvent({ type: 'child-updown', up: true, sa });
    news.noteEvent({ type: 'ike-rekey', old: successor, new: successor });
    expect(news.take()).toEqual(new Set(['sp.a', 'sp.b']));
    news.noteEvent({ type: 'alert', alert: 'half-open-timeout' });
    expect(news.take()).toBe('all');
  });

  it('comes back to SAs that are on their way', () => {
    news.noteUnsettled([
      fakeSa(settled),
      fakeSa({ ...settled, name: 'sp.connecting', state: 'CONNECTING', children: [] }),
      fakeSa({
        ...settled,
        name: 'sp.rekeyed',
        children: [{ name: 'v4', uniqueId: '2', state: 'REKEYED' }],
      }),
    ]);
    expect(news.take()).toEqual(new Set(['sp.connecting', 'sp.rekeyed']));
  });
});
