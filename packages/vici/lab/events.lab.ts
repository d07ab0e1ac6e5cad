// Bursts of events from a real charon: all of them arrive, or the subscriber is told how many did not.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { EventSubscription, ViciClient, ViciEvent } from '../src/index.ts';
import { Charon, skipReason } from './charon.ts';

const COUNT = 1500;

describe('a burst of events', { skip: skipReason }, () => {
  test('reaches every subscriber of two clients without loss or repetition', async () => {
    await using charon = await Charon.start();
    await using one = charon.client();
    await using other = charon.client();
    const subscriptions = await Promise.all(
      [one, one, other].map((client) => ready(client.subscribe(['log'], { limit: 1_000_000 }))),
    );
    await burst(other);
    for (const reader of subscriptions) {
      const names: string[] = [];
      while (names.length < COUNT) {
        const event = await next(reader);
        assert.ok(event.type === 'event');
        const added = /^added vici connection: (?<name>.*)$/.exec(event.message.text('msg') ?? '');
        if (added?.groups?.['name'] !== undefined) names.push(added.groups['name']);
      }
      // charon raises log events from several threads and may swap neighbours.
      assert.deepEqual(names.sort(), expectedNames().sort());
    }
  });

  test('over the limit of a reader that stands still is counted, and nobody else suffers', async () => {
    await using charon = await Charon.start();
    await using client = charon.client();
    const full = await ready(client.subscribe(['log'], { limit: 1_000_000 }));
    const slow = await ready(client.subscribe(['log'], { limit: 100 }));
    await burst(client);
    // Both see the burst; once the fast one has the last name, the slow queue has seen it too. Only
    // the burst counts: what charon logs at its start may have come before the slow one subscribed.
    let added = 0;
    for (let done = false; !done; ) {
      const event = await next(full);
      assert.ok(event.type === 'event');
      const text = event.message.text('msg') ?? '';
      if (text.startsWith('added vici connection: ')) added += 1;
      done = text.endsWith(`: c${String(COUNT - 1)}`);
    }
    let received = 0;
    for (;;) {
      const event = await next(slow);
      if (event.type === 'event') received += 1;
      if (event.type !== 'lost') continue;
      assert.equal(received, 100);
      assert.ok(event.count >= added - 100, `${String(event.count)} lost of ${String(added)}`);
      break;
    }
  });
});

function expectedNames(): string[] {
  return Array.from({ length: COUNT }, (_, i) => `c${String(i)}`);
}

/** The daemon logs one line for each connection that is new to it. */
async function burst(client: ViciClient): Promise<void> {
  await Promise.all(expectedNames().map((name) => client.loadConn(name, { version: 2 })));
}

type Reader = AsyncIterator<ViciEvent, undefined>;

async function ready(subscription: EventSubscription): Promise<Reader> {
  const reader = subscription[Symbol.asyncIterator]();
  assert.equal((await next(reader)).type, 'reset');
  return reader;
}

async function next(reader: Reader): Promise<ViciEvent> {
  const { value } = await reader.next();
  assert.ok(value !== undefined);
  return value;
}
