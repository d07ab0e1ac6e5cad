// A real charon that goes away and comes back.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { collect, ViciDisconnected, ViciTimeout } from '../src/index.ts';
import { Charon, skipReason } from './charon.ts';

const COUNT = 3000;
const FAST = { reconnect: { initialMs: 10, maxMs: 100 } };

describe('a charon that is killed', { skip: skipReason }, () => {
  test('in mid-stream: the listing fails, resets are told, everything works again', async () => {
    await using charon = await Charon.start();
    await using client = charon.client(FAST);
    const generations: number[] = [];
    const second = new Promise<void>((resolve) => {
      client.onReset((generation) => {
        generations.push(generation);
        if (generation === 2) resolve();
      });
    });
    const subscription = client.subscribe(['ike-updown', 'log']);
    const events = subscription[Symbol.asyncIterator]();
    assert.deepEqual((await events.next()).value, { type: 'reset', generation: 1 });
    subscription.close();
    const quiet = client.subscribe(['ike-updown']);
    const resets = quiet[Symbol.asyncIterator]();
    assert.deepEqual((await resets.next()).value, { type: 'reset', generation: 1 });
    await Promise.all(
      Array.from({ length: COUNT }, (_, i) => client.loadConn(`c${String(i)}`, { version: 2 })),
    );

    let seen = 0;
    const listing = async (): Promise<void> => {
      for await (const { name } of client.listConns()) {
        assert.equal(name, `c${String(seen)}`);
        seen += 1;
        // The reader stands still here, so the daemon dies with most of the listing unsent.
        if (seen === 10) await charon.kill();
      }
    };
    await assert.rejects(listing(), ViciDisconnected);
    assert.ok(seen >= 10 && seen < COUNT);
    await assert.rejects(client.version(), ViciDisconnected);

    await charon.launch();
    await second;
    assert.deepEqual((await resets.next()).value, { type: 'reset', generation: 2 });
    assert.deepEqual(generations, [1, 2]);
    assert.equal(client.generation, 2);
    assert.deepEqual(await collect(client.listConns()), []);
  });

  test('under pipelined calls: each of them ends, none hangs', async () => {
    await using charon = await Charon.start();
    await using client = charon.client(FAST);
    const calls = Array.from({ length: 2000 }, (_, i) =>
      client.loadConn(`c${String(i)}`, { version: 2 }),
    );
    // From here on, so that a call that fails while the daemon still ends is not an unhandled rejection.
    const settled = Promise.allSettled(calls);
    await calls[0];
    await charon.kill();
    const results = await settled;
    const failures = results.flatMap((one): unknown[] =>
      one.status === 'rejected' ? [one.reason] : [],
    );
    assert.ok(failures.every((failure) => failure instanceof ViciDisconnected));
    // In order: nothing after a lost answer can have one.
    const firstLost = results.findIndex((one) => one.status === 'rejected');
    assert.equal(failures.length, firstLost < 0 ? 0 : results.length - firstLost);
  });
});

describe('a charon that stands still', { skip: skipReason }, () => {
  test('times clients out that its backlog has no room for, and serves all when it goes on', async () => {
    await using charon = await Charon.start();
    const pid = await charon.pid();
    process.kill(pid, 'SIGSTOP');
    // Its backlog holds three; for the others connect says EAGAIN.
    const clients = Array.from({ length: 12 }, () => charon.client());
    try {
      const hasty = charon.client({ connectTimeoutMs: 200, callTimeoutMs: 60_000 });
      const patient = clients.map((client) => client.version());
      await assert.rejects(hasty.version({ timeoutMs: 200 }), ViciTimeout);
      await hasty.close();
      process.kill(pid, 'SIGCONT');
      for (const { daemon } of await Promise.all(patient)) assert.equal(daemon, 'charon-systemd');
    } finally {
      await Promise.all(clients.map((client) => client.close()));
    }
  });
});
