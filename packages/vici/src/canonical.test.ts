import { describe, expect, test } from 'vitest';
import { connectionUpdate, fingerprint } from './canonical.ts';
import type { ConnectionInput } from './connection-input.ts';

const base: ConnectionInput = {
  version: 2,
  dpd_delay: '10s',
  children: { net: { remote_ts: ['10.2.0.0/16'], start_action: 'trap' } },
};

describe('the fingerprint', () => {
  test('depends on bytes and order only', () => {
    expect(fingerprint({ a: 1, b: true })).toBe(
      fingerprint(
        new Map([
          ['a', '1'],
          ['b', 'yes'],
        ]),
      ),
    );
    expect(fingerprint({ a: '1', b: '2' })).not.toBe(fingerprint({ b: '2', a: '1' }));
    expect(fingerprint({ a: ['1'] })).not.toBe(fingerprint({ a: '1' }));
    expect(fingerprint({ a: 'x', b: undefined })).toBe(fingerprint({ a: 'x' }));
  });

  test('stays the same over releases, since owners keep it on disk', () => {
    expect(fingerprint({})).toBe(
      'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
    );
    // printf '\003\007version\000\0012' | sha256sum
    expect(fingerprint({ version: 2 })).toBe(
      'f08ebfca200d82ff9fef0297a810268e6cbb50cd309e0f7a7b95445958f7f9ad',
    );
  });
});

describe('a connection', () => {
  const child =
    base.children instanceof Map ? undefined : { remote_ts: ['10.2.0.0/16'], start_action: 'trap' };

  test.each<[string, ConnectionInput, string]>([
    ['unchanged', { ...base }, 'none'],
    ['with another dpd_delay', { ...base, dpd_delay: '20s' }, 'load'],
    ['with one more child', { ...base, children: { net: { ...child }, more: {} } }, 'load'],
    [
      'with a changed child',
      { ...base, children: { net: { remote_ts: ['10.3.0.0/16'] } } },
      'load',
    ],
    ['without children', { version: 2, dpd_delay: '10s' }, 'load'],
    ['with another dpd_timeout', { ...base, dpd_timeout: '60s' }, 'unload-then-load'],
    ['with another dscp', { ...base, dpd_delay: '20s', dscp: '101110' }, 'unload-then-load'],
    [
      'with a renamed child',
      { ...base, children: new Map([['lan', { ...child }]]) },
      'unload-then-load',
    ],
  ])('%s needs %s', (_, wanted, update) => {
    expect(connectionUpdate(base, wanted)).toBe(update);
  });

  test('whose child is replaced by a different one is simply loaded', () => {
    expect(
      connectionUpdate(base, { ...base, children: { lan: { remote_ts: ['10.9.0.0/16'] } } }),
    ).toBe('load');
  });
});
