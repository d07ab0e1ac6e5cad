// The typed views against what a real charon sent.

import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ViciClient } from './client.ts';
import { collect } from './command-set.ts';
import { ViciUnknownCommand } from './errors.ts';
import { parseSaEvent, type SaEvent } from './sa-event.ts';
import { FakeDaemon, parseRecording, type Recording, replay } from './testing.ts';

let recording: Recording;
let daemon: FakeDaemon;
let client: ViciClient;

beforeAll(async () => {
  recording = parseRecording(
    await readFile(new URL('testdata/charon-5.9.8.rec', import.meta.url), 'utf8'),
  );
  daemon = await FakeDaemon.listen();
  replay(daemon, recording);
  client = new ViciClient({ socket: daemon.socket });
});
afterAll(async () => {
  await client.close();
  await daemon.close();
});

describe('charon 5.9.8', () => {
  test('version', async () => {
    expect(await client.version()).toMatchObject({ daemon: 'charon-systemd', version: '5.9.8' });
  });

  test('stats', async () => {
    const stats = await client.stats();
    expect(stats.workers.total).toBe(16);
    expect(stats.workers.idle).toBeGreaterThan(0);
    expect(stats.workers.active.critical).toBeGreaterThan(0);
    expect(stats.queues).toEqual({ critical: 0, high: 0, medium: 0, low: 0 });
    expect(stats.plugins).toContain('kernel-netlink');
    expect(stats.uptime.running).toMatch(/second/);
    expect(stats.uptime.since).not.toBe('');
  });

  test('get-algorithms', async () => {
    const algorithms = await client.getAlgorithms();
    expect(algorithms['encryption']).toMatchObject({ AES_CBC: 'openssl' });
    expect(Object.keys(algorithms)).toContain('dh');
  });

  test('get-conns and list-conns', async () => {
    expect(await client.getConns()).toEqual(['site']);
    const [connection, ...others] = await collect(client.listConns());
    expect(others).toEqual([]);
    expect(connection).toMatchObject({
      name: 'site',
      localAddrs: ['10.0.0.1'],
      remoteAddrs: ['10.0.0.2'],
      version: 'IKEv2',
      reauthSeconds: 0,
      rekeySeconds: 14_400,
      unique: 'UNIQUE_NO',
      local: [{ class: 'pre-shared key', id: '10.0.0.1', groups: [], certs: [], cacerts: [] }],
      remote: [{ class: 'pre-shared key', id: '10.0.0.2' }],
      children: [
        {
          name: 'net',
          mode: 'TUNNEL',
          rekeySeconds: 3600,
          rekeyBytes: 0n,
          dpdAction: 'none',
          closeAction: 'none',
          localTs: ['10.1.0.0/24'],
          remoteTs: ['10.2.0.0/24'],
        },
      ],
    });
    expect(connection).not.toHaveProperty('localPort');
  });

  test('list-policies', async () => {
    expect(await collect(client.listPolicies())).toMatchObject([
      {
        key: 'site/net',
        child: 'net',
        ike: 'site',
        mode: 'TUNNEL',
        localTs: ['10.1.0.0/24'],
        remoteTs: ['10.2.0.0/24'],
      },
    ]);
  });

  test('list-sas', async () => {
    const [sa, ...others] = await collect(client.listSas());
    expect(others).toEqual([]);
    expect(sa).toMatchObject({
      name: 'site',
      version: 2,
      state: 'ESTABLISHED',
      localHost: '10.0.0.1',
      localPort: 4500,
      localId: '10.0.0.1',
      remoteHost: '10.0.0.2',
      remotePort: 4500,
      initiator: true,
      encryption: { algorithm: 'AES_CBC', keyBits: 256 },
      integrity: { algorithm: 'HMAC_SHA2_256_128' },
      prf: 'PRF_HMAC_SHA2_256',
      dhGroup: 'ECP_256',
      additionalKeyExchanges: [],
      localVips: [],
      tasksActive: [],
      establishedSeconds: 0,
    });
    expect(sa?.uniqueId).toMatch(/^\d+$/);
    expect(sa?.responderSpi).toMatch(/^[0-9a-f]{16}$/);
    const [child] = sa?.children ?? [];
    expect(child).toMatchObject({
      name: 'net',
      state: 'INSTALLED',
      mode: 'TUNNEL',
      protocol: 'ESP',
      encapsulated: true,
      encryptionAlgorithm: 'AES_CBC',
      encryptionKeyBits: 256,
      integrityAlgorithm: 'HMAC_SHA2_256_128',
      esn: false,
      perCpu: false,
      bytesIn: 0n,
      packetsOut: 0n,
      installSeconds: 0,
      localTs: ['10.1.0.0/24'],
      remoteTs: ['10.2.0.0/24'],
    });
    expect(child?.lifeSeconds).toBe(3960);
    for (const key of ['dhGroup', 'idleInSeconds', 'ifIdIn', 'markIn', 'cpu']) {
      expect(child).not.toHaveProperty(key);
    }
  });

  test('get-counters', async () => {
    expect(await client.getCounters('site')).toMatchObject({
      'ike-init-out-req': 1n,
      'ike-init-in-req': 0n,
      'child-rekey': 1n,
      'ike-rekey-init': 1n,
    });
  });

  test('an unknown command', async () => {
    expect(recording.commands.find(({ reply }) => reply === undefined)?.command).toBe(
      'no-such-command',
    );
    await expect(client.call('no-such-command')).rejects.toBeInstanceOf(ViciUnknownCommand);
  });

  test('events of a life: up, rekeyed, down', () => {
    const events = recording.events.map(({ name, message }) => parseSaEvent(name, message));
    const summary = events.map((event) => event && describeEvent(event));
    expect(summary).toEqual([
      'ike up site 1',
      // Id 1 was the trap policy.
      'child up net 2 of 1',
      'child rekey net 2 -> 3 of 1',
      'ike rekey site 1 -> 2',
      'ike down site 2',
      'child down net 3 of 2',
    ]);
  });
});

function describeEvent(event: SaEvent): string {
  switch (event.type) {
    case 'ike-updown':
      return `ike ${event.up ? 'up' : 'down'} ${event.sa.name} ${event.sa.uniqueId}`;
    case 'child-updown': {
      const [child] = event.sa.children;
      return `child ${event.up ? 'up' : 'down'} ${child?.name ?? ''} ${child?.uniqueId ?? ''} of ${event.sa.uniqueId}`;
    }
    case 'child-rekey':
      return `child rekey ${event.old.name} ${event.old.uniqueId} -> ${event.new.uniqueId} of ${event.sa.uniqueId}`;
    case 'ike-rekey':
      return `ike rekey ${event.new.name} ${event.old.uniqueId} -> ${event.new.uniqueId}`;
    default:
      return event.type;
  }
}
