// The fake must have charon's manners, or tests built on it prove nothing.

import { connect, type Socket } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { encodeMessage } from '../message-encode.ts';
import { decodePacket, encodePacket, Framer, type Packet } from '../packet.ts';
import { FakeDaemon } from './fake-daemon.ts';

let daemon: FakeDaemon;
let socket: Socket;
let packets: Packet[];
let wake: () => void;

beforeEach(async () => {
  daemon = await FakeDaemon.listen();
  socket = connect({ path: daemon.socket.slice('unix://'.length) });
  packets = [];
  wake = () => undefined;
  const framer = new Framer();
  socket.on('error', () => undefined);
  socket.on('data', (chunk: Uint8Array) => {
    framer.push(chunk, (segment) => packets.push(decodePacket(segment)));
    wake();
  });
});
afterEach(async () => {
  socket.destroy();
  await daemon.close();
});

async function answers(count: number): Promise<string[]> {
  while (packets.length < count) {
    await new Promise<void>((resolve) => {
      wake = resolve;
    });
  }
  return packets.map(({ type }) => type);
}

const request = (name: string, body?: Uint8Array): Uint8Array =>
  encodePacket({ type: 'command-request', name, body: body ?? new Uint8Array(0) });
const register = (name: string): Uint8Array => encodePacket({ type: 'event-register', name });

test('it answers in the order of the requests, however slow a handler is', async () => {
  let finish: () => void = () => undefined;
  daemon.on('slow', async () => {
    await new Promise<void>((resolve) => {
      finish = resolve;
    });
    return {};
  });
  socket.write(
    Buffer.concat([request('slow'), request('unknown'), register('log'), register('x')]),
  );
  await daemon.until(() => daemon.received.length === 1);
  expect(packets).toEqual([]);
  finish();
  expect(await answers(4)).toEqual([
    'command-response',
    'command-unknown',
    'event-confirm',
    'event-unknown',
  ]);
});

test('it delivers an event once per registration and forgets them one by one', async () => {
  const unregister = encodePacket({ type: 'event-unregister', name: 'log' });
  socket.write(Buffer.concat([register('log'), register('log')]));
  await answers(2);
  expect(daemon.registrations('log')).toBe(2);
  daemon.emit('log', { msg: 'x' });
  expect(await answers(4)).toEqual(['event-confirm', 'event-confirm', 'event', 'event']);
  socket.write(Buffer.concat([unregister, unregister, unregister]));
  expect((await answers(7)).slice(4)).toEqual(['event-confirm', 'event-confirm', 'event-unknown']);
});

test('it streams to the caller only if that one registered', async () => {
  daemon.onList('list-sas', 'list-sa', () => [{ a: {} }, { b: {} }]);
  socket.write(request('list-sas'));
  expect(await answers(1)).toEqual(['command-response']);
  socket.write(Buffer.concat([register('list-sa'), request('list-sas')]));
  expect((await answers(5)).slice(1)).toEqual([
    'event-confirm',
    'event',
    'event',
    'command-response',
  ]);
});

test('it ignores packets that no client sends, and says so to the test', async () => {
  daemon.on('version', () => ({}));
  socket.write(
    Buffer.concat([
      encodePacket({ type: 'event-confirm' }),
      Buffer.from('0000000163', 'hex'),
      request('version'),
    ]),
  );
  expect(await answers(1)).toEqual(['command-response']);
  expect(daemon.ignored).toHaveLength(2);
});

test('it refuses a broken message and turns what a handler throws into errmsg', async () => {
  daemon.on('load-conn', () => {
    throw new Error('invalid value for: proposals, config discarded');
  });
  socket.write(Buffer.concat([request('load-conn', Buffer.from([9])), request('load-conn')]));
  await answers(2);
  const bodies = packets.map(({ body }) => Buffer.from(body));
  expect(bodies).toEqual(
    ['parsing request failed', 'invalid value for: proposals, config discarded'].map((errmsg) =>
      Buffer.from(encodeMessage({ success: false, errmsg })),
    ),
  );
});

test('it drops an answer over the limit and hangs up on a request over it', async () => {
  daemon.on('get-conns', () => ({ conns: Array.from({ length: 9 }, () => 'x'.repeat(65_000)) }));
  daemon.on('version', () => ({}));
  socket.write(Buffer.concat([request('get-conns'), request('version')]));
  expect(await answers(1)).toEqual(['command-response']);
  expect(daemon.ignored).toEqual(['command-response over the size limit']);
  const closed = new Promise((resolve) => socket.once('close', resolve));
  socket.write(Buffer.from('00080001', 'hex'));
  await closed;
  await daemon.until(() => daemon.connections === 0);
});

test('it has no event that it was not given', async () => {
  expect(() => {
    daemon.emit('alert', {});
  }).toThrow('no event alert');
  await using newer = await FakeDaemon.listen({ events: ['alert'] });
  newer.emit('alert', { type: 'shutdown-signal' });
  expect(newer.registrations('alert')).toBe(0);
});
