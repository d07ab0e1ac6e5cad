import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ViciClient } from './client.ts';
import { ViciUnknownEvent } from './errors.ts';
import type { ViciEvent } from './event-queue.ts';
import { FakeDaemon } from './testing.ts';

let daemon: FakeDaemon;
const clients: ViciClient[] = [];

beforeEach(async () => {
  daemon = await FakeDaemon.listen();
  daemon.on('version', () => ({ daemon: 'charon', version: '6.0.3' }));
});
afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.close()));
  await daemon.close();
});

function open(): ViciClient {
  const reconnect = { initialMs: 1, maxMs: 2 };
  const client = new ViciClient({ socket: daemon.socket, reconnect });
  clients.push(client);
  return client;
}

async function next(events: AsyncIterator<ViciEvent, undefined>): Promise<ViciEvent | undefined> {
  return (await events.next()).value;
}

describe('subscriptions', () => {
  test('begin with a reset and then give every event once, however many subscribe', async () => {
    const client = open();
    const one = client.subscribe(['log', 'ike-updown', 'log'])[Symbol.asyncIterator]();
    const two = client.subscribe(['log'])[Symbol.asyncIterator]();
    for (const events of [one, two])
      expect(await next(events)).toEqual({ type: 'reset', generation: 1 });
    expect(daemon.registrations('log')).toBe(1);
    daemon.emit('log', { msg: 'first' });
    daemon.emit('ike-updown', { up: true });
    daemon.emit('log', { msg: 'second' });
    const names = async (events: typeof one, count: number): Promise<string[]> => {
      const seen: string[] = [];
      while (seen.length < count) {
        const event = await next(events);
        if (event?.type === 'event') seen.push(event.message.text('msg') ?? event.name);
      }
      return seen;
    };
    expect(await names(one, 3)).toEqual(['first', 'ike-updown', 'second']);
    expect(await names(two, 2)).toEqual(['first', 'second']);
  });

  test('give their registration back with the last one, and their connection too', async () => {
    const client = open();
    const subscriptions = [client.subscribe(['log']), client.subscribe(['log', 'ike-updown'])];
    for (const each of subscriptions) await next(each[Symbol.asyncIterator]());
    subscriptions[0]?.close();
    subscriptions[1]?.close();
    await daemon.until(() => daemon.connections === 0);
    const third = client.subscribe(['ike-rekey']);
    expect(await next(third[Symbol.asyncIterator]())).toMatchObject({ type: 'reset' });
    expect(daemon.registrations('log')).toBe(0);
    const fourth = client.subscribe(['log']);
    expect(await next(fourth[Symbol.asyncIterator]())).toMatchObject({ type: 'reset' });
    fourth.close();
    await daemon.until(() => daemon.registrations('log') === 0);
    expect(daemon.registrations('ike-rekey')).toBe(1);
  });

  test('survive the daemon and say so', async () => {
    const client = open();
    const events = client.subscribe(['log'])[Symbol.asyncIterator]();
    await next(events);
    daemon.emit('log', { msg: 'before' });
    expect(await next(events)).toMatchObject({ type: 'event', generation: 1 });
    await daemon.stop();
    await daemon.start();
    expect(await next(events)).toEqual({ type: 'reset', generation: 2 });
    daemon.emit('log', { msg: 'after' });
    expect(await next(events)).toMatchObject({ type: 'event', generation: 2 });
  });

  test('made while the daemon is away begin when it comes', async () => {
    await daemon.stop();
    const client = open();
    const events = client.subscribe(['log'])[Symbol.asyncIterator]();
    const first = next(events);
    await daemon.start();
    expect(await first).toEqual({ type: 'reset', generation: 1 });
  });

  test('wait no longer for a daemon that a call has reached', async () => {
    await daemon.stop();
    const reconnect = { initialMs: 3_600_000, maxMs: 3_600_000 };
    const client = new ViciClient({ socket: daemon.socket, reconnect });
    clients.push(client);
    const events = client.subscribe(['log'])[Symbol.asyncIterator]();
    await expect(client.version()).rejects.toThrow();
    await daemon.start();
    await client.version();
    expect(await next(events)).toEqual({ type: 'reset', generation: 1 });
  });

  test('that stand still count what they lost while others go on', async () => {
    const client = open();
    const slow = client.subscribe(['log'], { limit: 10 });
    const quick = client.subscribe(['log'])[Symbol.asyncIterator]();
    const reader = slow[Symbol.asyncIterator]();
    await Promise.all([next(reader), next(quick)]);
    for (let n = 0; n < 100; n++) daemon.emit('log', { n });
    for (let n = 0; n < 100; n++) expect(await next(quick)).toMatchObject({ type: 'event' });
    for (let n = 0; n < 10; n++) expect(await next(reader)).toMatchObject({ type: 'event' });
    expect(await next(reader)).toEqual({ type: 'lost', count: 90, generation: 1 });
  });

  test('serve several readers, each event going to one of them', async () => {
    const client = open();
    const subscription = client.subscribe(['log']);
    const [one, two] = [subscription[Symbol.asyncIterator](), subscription[Symbol.asyncIterator]()];
    const first = Promise.all([next(one), next(two), next(two)]);
    await daemon.until(() => daemon.registrations('log') === 1);
    daemon.emit('log', { n: 1 });
    daemon.emit('log', { n: 2 });
    expect((await first).map((event) => event?.type).sort()).toEqual(['event', 'event', 'reset']);
    await using scoped = client.subscribe(['log']);
    await next(scoped[Symbol.asyncIterator]());
    expect(scoped.backlog).toBe(0);
  });

  test('for an unknown event end with an error and give the others back', async () => {
    const client = open();
    const keep = client.subscribe(['ike-rekey'])[Symbol.asyncIterator]();
    await next(keep);
    const events = client.subscribe(['log', 'alert'])[Symbol.asyncIterator]();
    await expect(events.next()).rejects.toEqual(new ViciUnknownEvent('alert'));
    expect(await events.next()).toEqual({ done: true, value: undefined });
    await daemon.until(() => daemon.registrations('log') === 0);
    expect(daemon.registrations('ike-rekey')).toBe(1);
  });

  test('end with their signal, their loop or the client', async () => {
    const client = open();
    const abort = new AbortController();
    const bySignal = client.subscribe(['log'], { signal: abort.signal })[Symbol.asyncIterator]();
    await next(bySignal);
    const waiting = bySignal.next();
    abort.abort();
    expect(await waiting).toEqual({ done: true, value: undefined });
    const already = client.subscribe(['log'], { signal: AbortSignal.abort() });
    expect(await already[Symbol.asyncIterator]().next()).toEqual({ done: true, value: undefined });
    for await (const event of client.subscribe(['log'])) {
      expect(event.type).toBe('reset');
      break;
    }
    const byClient = client.subscribe(['log'])[Symbol.asyncIterator]();
    await next(byClient);
    const last = byClient.next();
    await client.close();
    expect(await last).toEqual({ done: true, value: undefined });
  });
});

describe('probing', () => {
  test('asks once per generation and leaves no registration', async () => {
    const client = open();
    expect(await client.supports('alert')).toBe(false);
    expect(await client.supports('ike-update')).toBe(true);
    await client.version();
    expect(daemon.registrations('ike-update')).toBe(0);
    await daemon.stop();
    await expect(client.version()).rejects.toThrow();
    expect(await client.supports('alert')).toBe(false);
  });
});
