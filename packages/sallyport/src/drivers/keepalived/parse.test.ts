import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseInterfaces, parseRefusals, parseRouters } from './parse.ts';

function captured(name: string): Promise<string> {
  return readFile(join(import.meta.dirname, 'testdata', name), 'utf8');
}

describe('what keepalived says of itself', () => {
  it('is read of a master and of a backup', async () => {
    expect(parseRouters(await captured('keepalived-2.2.7-master.json'))).toEqual([
      {
        name: 'sp-default-left-v4',
        interface: 'eth0',
        virtualRouterId: 51,
        advertisementMilliseconds: 100,
        addresses: ['10.9.0.254'],
        state: 'master',
        since: '2026-11-21T23:08:37.673Z',
        masterPriority: 200,
        heard: expect.any(Number) as number,
      },
      {
        name: 'sp-default-left-v6',
        interface: 'eth0',
        virtualRouterId: 51,
        advertisementMilliseconds: 100,
        addresses: ['fe80::83:51', 'fd09::fe'],
        state: 'backup',
        since: '2026-11-21T23:08:34.691Z',
        masterPriority: 200,
        heard: expect.any(Number) as number,
      },
    ]);
    const states = parseRouters(await captured('keepalived-2.2.7-backup.json'));
    expect(states?.map(({ state }) => state)).toEqual(['fault', 'master']);
  });

  it('is nothing yet while it is being written', async () => {
    const text = await captured('keepalived-2.2.7-master.json');
    expect(parseRouters('')).toBeUndefined();
    expect(parseRouters(text.slice(0, 500))).toBeUndefined();
  });

  it('may be anything without harm', () => {
    expect(parseRouters('[]')).toEqual([]);
    expect(parseRouters('{}')).toEqual([]);
    expect(
      parseRouters('[{}, {"data": {"vips": [1], "state": 9, "last_transition": 1e300}}]'),
    ).toEqual([
      expect.objectContaining({
        name: '',
        state: 'init',
        addresses: [],
        since: '1970-01-01T00:00:00.000Z',
      }),
      expect.objectContaining({
        state: 'init',
        addresses: ['1'],
        since: '1970-01-01T00:00:00.000Z',
      }),
    ]);
  });
});

describe('interfaces', () => {
  it('are read with their addresses', async () => {
    const interfaces = parseInterfaces(await captured('ip-6.1-address.json'));
    expect([...interfaces.keys()]).toEqual(['lo', 'eth0']);
    const { isUp, addresses } = interfaces.get('eth0') ?? {};
    expect(isUp).toBe(true);
    expect([...(addresses ?? [])]).toEqual(
      expect.arrayContaining(['10.9.0.1', '10.9.0.254', 'fd09::1']),
    );
  });

  it('without a carrier, or without anything, are down', () => {
    const interfaces = parseInterfaces('[{"ifname":"eth0","flags":["UP"]},{"ifname":"eth1"}]');
    expect([...interfaces.values()].map(({ isUp }) => isUp)).toEqual([false, false]);
    expect(parseInterfaces('').size).toBe(0);
  });
});

describe('refused advertisements', () => {
  it('are found in the log, the last of each router', async () => {
    const refusals = parseRefusals(await captured('keepalived-2.2.7.log'));
    expect([...refusals]).toEqual([
      [
        'sp-default-left-v4',
        {
          at: '2026-11-21T23:08:36.000Z',
          words: 'ip address associated with VRID 51 not present in MASTER advert: 10.9.0.254',
        },
      ],
    ]);
  });

  it('are not found in what is cut off, or says something else', () => {
    const lines = [
      'ress associated with VRID 51 not present in MASTER advert: 10.9.0.254',
      'Xxx Xxx 99 99:99:99 2026: (a) expected 1 addresses but received 2',
      'Sat Nov 21 23:08:33 2026: (a) Entering MASTER STATE',
    ];
    expect(parseRefusals(lines.join('\n')).size).toBe(0);
  });
});
