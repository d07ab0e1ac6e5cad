// Every typed command: what it puts on the wire, and what it makes of the answer.

import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ViciClient } from './client.ts';
import { collect } from './command-set.ts';
import { ViciCommandError } from './errors.ts';
import type { MessageInput } from './message.ts';
import { FakeDaemon } from './testing.ts';

let daemon: FakeDaemon;
let client: ViciClient;

beforeEach(async () => {
  daemon = await FakeDaemon.listen();
  client = new ViciClient({ socket: daemon.socket });
});
afterEach(async () => {
  await client.close();
  await daemon.close();
});

type Case = [string, (client: ViciClient) => Promise<unknown>, unknown, MessageInput?, unknown?];

const OK: MessageInput = { success: true };

describe('the command', () => {
  test.each<Case>([
    ['reload-settings', (c) => c.reloadSettings(), {}],
    [
      'initiate',
      (c) => c.initiate({ child: 'net', ike: 'site' }),
      { child: 'net', ike: 'site', timeout: '10000', loglevel: '-1' },
    ],
    [
      'initiate',
      (c) => c.initiate({ ike: 'site', timeoutMs: -1, initLimits: true }),
      { ike: 'site', timeout: '-1', 'init-limits': 'yes', loglevel: '-1' },
    ],
    [
      'initiate',
      (c) => c.initiate({ ike: 'site', timeoutMs: 0 }),
      { ike: 'site', timeout: '0', loglevel: '-1' },
    ],
    [
      'terminate',
      (c) => c.terminate({ ikeId: '7', force: true, timeoutMs: 5000 }),
      { 'ike-id': '7', force: 'yes', timeout: '5000', loglevel: '-1' },
      { success: true, matches: 1, terminated: 1 },
      { matches: 1, terminated: 1 },
    ],
    [
      'terminate',
      (c) => c.terminate({ child: 'net', childId: '3' }),
      { child: 'net', 'child-id': '3', timeout: '10000', loglevel: '-1' },
      OK,
      { matches: 0, terminated: 0 },
    ],
    [
      'rekey',
      (c) => c.rekey({ ike: 'site', reauth: true }),
      { ike: 'site', reauth: 'yes' },
      { success: true, matches: 2 },
      2,
    ],
    [
      'redirect',
      (c) =>
        c.redirect({
          gateway: '192.0.2.9',
          peerIp: '192.0.2.0/24',
          peerId: '*.example',
          ike: 'a',
          ikeId: '1',
        }),
      {
        gateway: '192.0.2.9',
        ike: 'a',
        'ike-id': '1',
        'peer-ip': '192.0.2.0/24',
        'peer-id': '*.example',
      },
      { success: true, matches: 3 },
      3,
    ],
    ['install', (c) => c.install('net', 'site'), { child: 'net', ike: 'site' }],
    ['uninstall', (c) => c.uninstall('net'), { child: 'net' }],
    [
      'load-conn',
      (c) => c.loadConn('site', { version: 2, local: { auth: 'psk' } }),
      { site: { version: '2', local: { auth: 'psk' } } },
    ],
    ['unload-conn', (c) => c.unloadConn('site'), { name: 'site' }],
    ['get-conns', (c) => c.getConns(), {}, { conns: ['b', 'a'] }, ['b', 'a']],
    [
      'load-pool',
      (c) => c.loadPool('p', { addrs: '10.9.0.0/24', attributes: { dns: ['10.9.0.1'] } }),
      { p: { addrs: '10.9.0.0/24', dns: ['10.9.0.1'] } },
    ],
    ['unload-pool', (c) => c.unloadPool('p'), { name: 'p' }],
    [
      'get-pools',
      (c) => c.getPools({ leases: true }),
      { leases: 'yes' },
      {
        p: {
          base: '10.9.0.0',
          size: 254,
          online: 1,
          offline: 0,
          leases: { 0: { address: '10.9.0.1', identity: 'a', status: 'online' } },
        },
      },
      [
        {
          name: 'p',
          base: '10.9.0.0',
          size: 254,
          online: 1,
          offline: 0,
          leases: [{ address: '10.9.0.1', identity: 'a', status: 'online' }],
        },
      ],
    ],
    [
      'load-cert',
      (c) => c.loadCert({ type: 'X509', data: 'PEM' }),
      { type: 'X509', flag: 'NONE', data: 'PEM' },
    ],
    [
      'load-cert',
      (c) => c.loadCert({ type: 'X509', flag: 'CA', data: Buffer.from([0xff]) }),
      { type: 'X509', flag: 'CA', data: '0xff' },
    ],
    [
      'load-key',
      (c) => c.loadKey({ type: 'any', data: 'PEM' }),
      { type: 'any', data: 'PEM' },
      { success: true, id: 'abcd' },
      { id: 'abcd' },
    ],
    [
      'load-token',
      (c) => c.loadToken({ handle: '01', slot: 2, pin: '1234' }),
      { handle: '01', slot: '2', pin: '1234' },
      { success: true, id: 'ef' },
      { id: 'ef' },
    ],
    ['unload-key', (c) => c.unloadKey('abcd'), { id: 'abcd' }],
    ['get-keys', (c) => c.getKeys(), {}, { keys: ['ab'] }, ['ab']],
    [
      'load-shared',
      (c) =>
        c.loadShared({ id: 's', type: 'IKE', data: Buffer.from([0, 255]), owners: ['a', 'b'] }),
      { id: 's', type: 'IKE', data: '0x00ff', owners: ['a', 'b'] },
    ],
    ['unload-shared', (c) => c.unloadShared('s'), { id: 's' }],
    ['get-shared', (c) => c.getShared(), {}, {}, []],
    ['flush-certs', (c) => c.flushCerts('X509_CRL'), { type: 'X509_CRL' }],
    ['clear-creds', (c) => c.clearCreds(), {}],
    [
      'load-authority',
      (c) =>
        c.loadAuthority('ca', {
          cacert: 'PEM',
          crlUris: ['http://a'],
          ocspUris: ['http://b'],
          certUriBase: 'http://c',
        }),
      {
        ca: {
          cacert: 'PEM',
          crl_uris: ['http://a'],
          ocsp_uris: ['http://b'],
          cert_uri_base: 'http://c',
        },
      },
    ],
    ['unload-authority', (c) => c.unloadAuthority('ca'), { name: 'ca' }],
    ['get-authorities', (c) => c.getAuthorities(), {}, { authorities: ['ca'] }, ['ca']],
    [
      'get-algorithms',
      (c) => c.getAlgorithms(),
      {},
      { ke: { ECP_256: 'openssl' } },
      { ke: { ECP_256: 'openssl' } },
    ],
    [
      'get-counters',
      (c) => c.getCounters('site'),
      { name: 'site' },
      { success: true, counters: { site: { invalid: '12' } } },
      { invalid: 12n },
    ],
    [
      'get-counters',
      (c) => c.getCounters(),
      {},
      { success: true, counters: { '': { invalid: '3' } } },
      { invalid: 3n },
    ],
    [
      'get-counters',
      (c) => c.getCounters('x'),
      { name: 'x' },
      { success: false, errmsg: 'no counters found for this connection' },
      {},
    ],
    ['reset-counters', (c) => c.resetCounters({ name: 'site' }), { name: 'site' }],
    ['reset-counters', (c) => c.resetCounters({ all: false }), {}],
  ])('%s', async (command, call, sent, answer = OK, result?) => {
    daemon.on(command, () => answer);
    expect(await call(client)).toEqual(result);
    expect(daemon.received).toHaveLength(1);
    expect(daemon.received[0]?.command).toBe(command);
    expect(JSON.parse(JSON.stringify(daemon.received[0]?.message))).toEqual(sent);
    expect(daemon.ignored).toEqual([]);
  });

  test('get-counters without the plugin is an error', async () => {
    const errmsg = 'no counters available (plugin missing?)';
    daemon.on('get-counters', () => ({ success: false, errmsg }));
    await expect(client.getCounters('a')).rejects.toEqual(
      new ViciCommandError('get-counters', errmsg),
    );
  });
});

describe('the listing', () => {
  test.each<[string, string, (client: ViciClient) => AsyncIterable<unknown>, unknown]>([
    [
      'list-sas',
      'list-sa',
      (c) => c.listSas({ ike: 'a', ikeId: '1', child: 'b', childId: '2', noblock: true }),
      { ike: 'a', 'ike-id': '1', child: 'b', 'child-id': '2', noblock: 'yes' },
    ],
    ['list-sas', 'list-sa', (c) => c.listSas({ noblock: false }), {}],
    [
      'list-policies',
      'list-policy',
      (c) => c.listPolicies(),
      { trap: 'yes', drop: 'yes', pass: 'yes' },
    ],
    [
      'list-policies',
      'list-policy',
      (c) => c.listPolicies({ kinds: ['trap'], child: 'x', ike: 'y' }),
      { child: 'x', ike: 'y', trap: 'yes' },
    ],
    ['list-conns', 'list-conn', (c) => c.listConns({ ike: 'a' }), { ike: 'a' }],
    [
      'list-certs',
      'list-cert',
      (c) => c.listCerts({ type: 'X509', flag: 'CA', subject: 'CN=x' }),
      { type: 'X509', flag: 'CA', subject: 'CN=x' },
    ],
    [
      'list-authorities',
      'list-authority',
      (c) => c.listAuthorities({ name: 'ca' }),
      { name: 'ca' },
    ],
  ])('%s asks as told', async (command, event, list, sent) => {
    daemon.onList(command, event, () => []);
    expect(await collect(list(client))).toEqual([]);
    expect(JSON.parse(JSON.stringify(daemon.received[0]?.message))).toEqual(sent);
  });

  test('list-certs gives DER and what is said about it', async () => {
    daemon.onList('list-certs', 'list-cert', () => [
      { type: 'X509', flag: 'CA', has_privkey: true, data: Buffer.from([0x30, 0xff]) },
      { type: 'PUBKEY', data: '', subject: 'a', 'not-before': 'x', 'not-after': 'y' },
    ]);
    const [first, second] = await collect(client.listCerts());
    expect(first).toMatchObject({ type: 'X509', flag: 'CA', hasPrivateKey: true });
    expect(first?.data).toEqual(Buffer.from([0x30, 0xff]));
    expect(first).not.toHaveProperty('subject');
    expect(second).toMatchObject({
      flag: 'NONE',
      hasPrivateKey: false,
      subject: 'a',
      notBefore: 'x',
      notAfter: 'y',
    });
  });

  test('list-authorities gives URIs and the subject', async () => {
    daemon.onList('list-authorities', 'list-authority', () => [
      { ca: { cacert: 'CN=ca', crl_uris: ['http://a'], cert_uri_base: 'http://c' } },
    ]);
    expect(await collect(client.listAuthorities())).toEqual([
      { name: 'ca', cacert: 'CN=ca', crlUris: ['http://a'], ocspUris: [], certUriBase: 'http://c' },
    ]);
  });
});
