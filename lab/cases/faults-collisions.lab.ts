// Both ends rekey the Child SA at the same instant, again and again, as equal lifetimes make them do: of
// the SAs that come of it one stays, and packets go on.

// lab: any kernel

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { collect, ViciClient, ViciCommandError } from '@sallyport/vici';
import { atLength } from '../length.ts';
import { lossLine, startPingStream } from '../ping-stream.ts';
import { LeftAndStranger } from '../topologies/left-and-stranger.ts';
import { until } from '../until.ts';

const DURATION_MILLISECONDS = atLength({ whole: 600_000, short: 20_000 });
/** However slow the machine: with fewer of them nothing has been shown. */
const COLLISIONS = 20;
const PATIENCE_MILLISECONDS = 120_000;
/** From one collision to the next: its exchange is over, and the DELETE of what was replaced under way. */
const PAUSE_MILLISECONDS = 250;
const INTERVAL_SECONDS = 0.005;
/**
 * Those on their way on an SA that is given up. On a machine with nothing else to do it is one in three
 * thousand, more where the ends are slow to hear of each other. An SA too many, or one that is missing,
 * costs every packet until it is found.
 */
const LOST_SHARE = 0.01;

/** While it is rekeyed already the daemon refuses. */
async function rekey(client: ViciClient, child: string): Promise<number> {
  try {
    await client.rekey({ child });
    return 1;
  } catch (error) {
    if (error instanceof ViciCommandError) return 0;
    throw error;
  }
}

/** One IKE SA with one Child SA: what was replaced is deleted, some seconds later. */
async function isSettled(client: ViciClient): Promise<boolean> {
  const sas = await collect(client.listSas());
  const children = sas.flatMap((sa) => sa.children);
  return (
    sas.length === 1 &&
    sas[0]?.state === 'ESTABLISHED' &&
    children.length === 1 &&
    children[0]?.state === 'INSTALLED'
  );
}

describe('two ends that rekey at once', () => {
  test('keep one SA, and hardly a packet is lost', async (context) => {
    const site = await LeftAndStranger.create();
    await using lab = site.lab;
    const { left, stranger } = site;
    await using ours = new ViciClient({ socket: left.host.file('run/charon.vici') });
    await using theirs = new ViciClient({ socket: stranger.host.file('vici') });
    const stream = await startPingStream(lab.host('hosta'), '10.2.0.2', INTERVAL_SECONDS);
    const collisions = async (): Promise<number> =>
      (await stranger.log()).match(/detected \w+ collision/g)?.length ?? 0;
    const end = performance.now() + DURATION_MILLISECONDS;
    const latest = end + PATIENCE_MILLISECONDS;
    let rekeys = 0;
    while (performance.now() < end || (await collisions()) < COLLISIONS) {
      assert.ok(performance.now() < latest, `only ${String(await collisions())} collisions`);
      const asked = await Promise.all([rekey(ours, 'v4'), rekey(theirs, 'networks')]);
      for (const count of asked) rekeys += count;
      await delay(PAUSE_MILLISECONDS);
    }
    await until(
      'both ends have one SA',
      async () => (await isSettled(ours)) && (await isSettled(theirs)),
      30_000,
    );
    const result = await stream.stop();
    const words = `${String(rekeys)} rekeys, ${String(await collisions())} collisions: ${lossLine(result)}`;
    context.diagnostic(words);
    assert.ok(result.lost.length <= (result.received + result.lost.length) * LOST_SHARE, words);
    await left.untilUp('right');
    assert.equal((await left.run(['status'])).status, 0);
    assert.doesNotMatch(await left.log(), /ending (?:IKE|Child) SA|had left in the kernel/);
  });
});
