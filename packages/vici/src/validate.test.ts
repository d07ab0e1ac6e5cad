import { describe, expect, test } from 'vitest';
import type { ConnectionInput } from './connection-input.ts';
import { checkConnection, parseTime } from './validate.ts';

const sound: ConnectionInput = {
  version: 2,
  local_addrs: ['192.0.2.1'],
  remote_addrs: ['%any'],
  proposals: ['aes256gcm16-prfsha384-ecp384', 'default'],
  dpd_delay: '30s',
  rekey_time: 14_400,
  mobike: false,
  local: { auth: 'pubkey', id: 'gw', certs: [Buffer.from('der')], cert1: { file: '/x.pem' } },
  'local-2': { auth: 'psk' },
  remote: { auth: 'psk', id: 'peer', cacerts: ['pem'] },
  children: new Map([
    ['10', { local_ts: ['10.1.0.0/16'], esp_proposals: ['aes256gcm16'], start_action: 'trap' }],
    ['2', { remote_ts: ['10.2.0.0/16'], life_time: '1 h', if_id_in: 42 }],
  ]),
};

/** The codes by dotted path. */
function codes(connection: object, name = 'site', version?: string): Record<string, string> {
  return Object.fromEntries(
    checkConnection(name, connection, version).map(({ path, code }) => [path.join('.'), code]),
  );
}

describe('a connection', () => {
  test('with everything in its place has no problems', () => {
    expect(checkConnection('site', sound)).toEqual([]);
  });

  test.each<[string, object, Record<string, string>]>([
    ['a scalar for a list', { local_addrs: '1' }, { 'site.local_addrs': 'expected-list' }],
    ['a list for a scalar', { version: ['2'] }, { 'site.version': 'expected-scalar' }],
    ['a section for a scalar', { version: { a: '1' } }, { 'site.version': 'expected-scalar' }],
    ['a section for a list', { proposals: { a: '1' } }, { 'site.proposals': 'expected-list' }],
    ['a scalar for a section', { local: 'psk' }, { 'site.local': 'expected-section' }],
    ['a list for children', { children: ['a'] }, { 'site.children': 'expected-section' }],
    ['a scalar for a child', { children: { a: 'x' } }, { 'site.children.a': 'expected-section' }],
    ['an unknown key', { dpd_dealy: 3 }, { 'site.dpd_dealy': 'unknown-key' }],
    [
      'an unknown child key',
      { children: { a: { rekey: 1 } } },
      { 'site.children.a.rekey': 'unknown-key' },
    ],
    [
      'a child list as scalar',
      { children: { a: { local_ts: 'x' } } },
      { 'site.children.a.local_ts': 'expected-list' },
    ],
    [
      'certs as one blob',
      { local: { certs: Buffer.from('x') } },
      { 'site.local.certs': 'expected-list' },
    ],
    ['a list in a round', { remote: { id: ['a', 'b'] } }, { 'site.remote.id': 'expected-scalar' }],
    [
      'a key of a token',
      { local: { cert1: { path: 'x' } } },
      { 'site.local.cert1.path': 'unknown-key' },
    ],
    ['a value too long', { ppk_id: 'x'.repeat(65_536) }, { 'site.ppk_id': 'value-length' }],
    ['a list item too long', { vips: ['ok', 'x'.repeat(65_536)] }, { 'site.vips': 'value-length' }],
    ['a fraction', { version: 1.5 }, { 'site.version': 'not-an-integer' }],
    ['a time in words', { rekey_time: 'soon' }, { 'site.rekey_time': 'time-syntax' }],
    ['a child name of no length', { children: { '': {} } }, { 'site.children.': 'name-length' }],
  ])('with %s is refused at its path', (_, connection, expected) => {
    expect(codes(connection)).toEqual(expected);
  });

  test('tells all problems at once', () => {
    expect(
      Object.keys(codes({ version: [], local_addrs: 'x', foo: 1, children: { a: { mode: [] } } })),
    ).toHaveLength(4);
  });

  test('name has 1 to 255 bytes', () => {
    expect(codes({}, 'n'.repeat(255))).toEqual({});
    expect(Object.values(codes({}, 'é'.repeat(128)))).toEqual(['name-length']);
    expect(Object.values(codes({}, ''))).toEqual(['name-length']);
  });

  test('is held against the version of the daemon where that is known', () => {
    const newer = { ocsp: 'reply', children: { a: { icmp: true, per_cpu_sas: true } } };
    expect(codes(newer, 'site', '5.9.8')).toEqual({
      'site.ocsp': 'unsupported-version',
      'site.children.a.icmp': 'unsupported-version',
      'site.children.a.per_cpu_sas': 'unsupported-version',
    });
    expect(codes(newer, 'site', '6.0.3')).toEqual({
      'site.children.a.icmp': 'unsupported-version',
    });
    expect(codes(newer, 'site', '6.0.5')).toEqual({});
    expect(codes(newer, 'site', '5.9.14dr1')).not.toHaveProperty(['site.ocsp']);
  });
});

test.each<[string, number | undefined]>([
  ['30', 30],
  ['30s', 30],
  ['5m', 300],
  ['4 h', 14_400],
  ['1d', 86_400],
  ['0', 0],
  ['010', undefined],
  ['1w', undefined],
  ['-1', undefined],
  ['', undefined],
  ['1  h', undefined],
])('time "%s" is %s seconds', (text, seconds) => {
  expect(parseTime(text)).toBe(seconds);
});
