// Single calls against a real charon: what it knows, refuses, does not know and cannot take.

import assert from 'node:assert/strict';
import { connect as dial, type Socket } from 'node:net';
import { after, before, describe, test } from 'node:test';
import {
  decodeMessage,
  encodeMessage,
  type ViciClient,
  ViciCommandError,
  ViciInvalidInput,
  ViciUnknownCommand,
  ViciUnknownEvent,
} from '../src/index.ts';
import { decodePacket, encodePacket, Framer, MAX_SEGMENT_BYTES } from '../src/packet.ts';
import { Charon, skipReason } from './charon.ts';

describe('one charon', { skip: skipReason }, () => {
  let charon: Charon;
  let client: ViciClient;
  before(async () => {
    charon = await Charon.start();
    client = charon.client();
  });
  after(async () => {
    await client.close();
    await charon[Symbol.asyncDispose]();
  });

  test('it tells its version and statistics', async () => {
    const { daemon, version } = await client.version();
    assert.equal(daemon, 'charon-systemd');
    assert.match(version, /^\d+\.\d+\.\d+/);
    const stats = await client.stats();
    assert.ok(stats.workers.total >= 16);
    assert.ok(stats.plugins.includes('vici'));
    assert.deepEqual(stats.ikeSas, { total: 0, halfOpen: 0 });
  });

  test('it lists its algorithms by section', async () => {
    const algorithms = await client.getAlgorithms();
    assert.equal(algorithms['encryption']?.['AES_CBC'], 'openssl');
    assert.ok(algorithms['ke'] !== undefined || algorithms['dh'] !== undefined);
  });

  test('an unknown command is an error of its own and leaves the connection usable', async () => {
    await assert.rejects(client.call('no-such-command'), ViciUnknownCommand);
    assert.deepEqual(await client.getConns(), []);
  });

  test('an unknown event is found by probing and ends a subscription', async () => {
    assert.equal(await client.supports('ike-update'), true);
    assert.equal(await client.supports('no-such-event'), false);
    const subscription = client.subscribe(['ike-updown', 'no-such-event']);
    await assert.rejects(subscription[Symbol.asyncIterator]().next(), ViciUnknownEvent);
  });

  test('a refused connection carries the words of the daemon', async () => {
    await assert.rejects(
      client.loadConn('bad', { version: 2, proposals: ['no-such-algorithm'] }),
      (error) => error instanceof ViciCommandError && /invalid value/.test(error.errmsg),
    );
    await assert.rejects(client.terminate({ ike: 'nobody' }), (error) => {
      assert.ok(error instanceof ViciCommandError);
      assert.equal(error.matches, 0);
      return true;
    });
  });

  test('a list in place of a scalar is refused before the daemon misnames it', async () => {
    // As untyped callers would.
    const wrong: object = { version: ['2'] };
    await assert.rejects(client.loadConn('bad', wrong), ViciInvalidInput);
    await assert.rejects(
      client.call('load-conn', { bad: { version: ['2'] } }),
      (error) => error instanceof ViciCommandError && /unknown option/.test(error.errmsg),
    );
  });

  test('a request over 512 KiB never leaves, because the daemon would hang up', async () => {
    const owners = Array.from({ length: 9 }, () => 'x'.repeat(65_000));
    const secret = { id: 'big', type: 'IKE', data: Buffer.from('secret'), owners } as const;
    await assert.rejects(client.loadShared(secret), ViciInvalidInput);
    assert.equal(client.generation, 1);

    const socket = await raw(charon);
    const closed = new Promise((resolve) => socket.once('close', resolve));
    const header = Buffer.alloc(4);
    header.writeUInt32BE(MAX_SEGMENT_BYTES + 1);
    socket.write(header);
    await closed;
    assert.equal((await client.version()).daemon, 'charon-systemd');
  });

  test('the largest possible request is taken', async () => {
    const owners = Array.from({ length: 2000 }, (_, i) => `${'o'.repeat(240)}${String(i)}`);
    const secret = { id: 'large', type: 'IKE', data: Buffer.from('secret'), owners } as const;
    assert.ok(encodeMessage(secret).length > MAX_SEGMENT_BYTES * 0.9);
    await client.loadShared(secret);
    assert.deepEqual(await client.getShared(), ['large']);
    await client.unloadShared('large');
  });

  test('registering an event twice on one socket would deliver it twice', async () => {
    const socket = await raw(charon);
    const register = encodePacket({ type: 'event-register', name: 'log' });
    const lines: (string | undefined)[] = [];
    const framer = new Framer();
    // Once for each registration; the daemon says it once.
    const LOADED = 'added vici connection: twice';
    const done = new Promise<void>((resolve) => {
      socket.on('data', (chunk: Uint8Array) => {
        framer.push(chunk, (segment) => {
          const packet = decodePacket(segment);
          if (packet.type === 'event') lines.push(decodeMessage(packet.body).text('msg'));
          // Its answer and its log come from different threads of the daemon, in any order.
          if (lines.filter((line) => line === LOADED).length === 2) resolve();
        });
      });
    });
    socket.write(register);
    socket.write(register);
    const body = encodeMessage({ twice: { version: 2 } });
    socket.write(encodePacket({ type: 'command-request', name: 'load-conn', body }));
    await done;
    socket.destroy();

    const [first, second] = [client.subscribe(['log']), client.subscribe(['log'])];
    const readers = [first, second].map((each) => each[Symbol.asyncIterator]());
    for (const reader of readers) assert.equal((await reader.next()).value?.type, 'reset');
    await client.unloadConn('twice');
    await client.loadConn('once', { version: 2 });
    for (const reader of readers) {
      const seen: string[] = [];
      while (!seen.some((text) => text.includes('once'))) {
        const { value } = await reader.next();
        if (value?.type === 'event') seen.push(value.message.text('msg') ?? '');
      }
      assert.equal(seen.filter((text) => text.includes('once')).length, 1);
      assert.equal(new Set(seen).size, seen.length);
    }
    first.close();
    second.close();
    await client.unloadConn('once');
  });
});

function raw(charon: Charon): Promise<Socket> {
  return new Promise((resolve) => {
    const socket = dial({ path: charon.socket.slice('unix://'.length) });
    socket.on('error', () => undefined);
    socket.once('connect', () => {
      resolve(socket);
    });
  });
}
