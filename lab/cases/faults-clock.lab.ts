// The clock of a gateway is set an hour on, and two hours back: tunnels, timers and status go on as before.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { describe, test } from 'node:test';
import { KEY } from '../declarations/left-site.ts';
import { mustExecute } from '../execute.ts';
import { assertNoneLost } from '../none-lost.ts';
import { lossLine, startPingStream } from '../ping-stream.ts';
import { PING } from '../pinger.ts';
import { LeftAndStranger, TO_RIGHT } from '../topologies/left-and-stranger.ts';
import { until } from '../until.ts';

const HOUR_SECONDS = 3_600;

/** Only there the clock is nobody else's. */
async function isGuest(): Promise<boolean> {
  return (await readFile('/proc/cpuinfo', 'utf8')).includes('User Mode Linux');
}

const noGuest = (await isGuest()) ? false : 'the clock of this kernel is not ours to set';

describe('a clock that is set', { skip: noGuest }, () => {
  for (const [what, hours] of [
    ['an hour on', 1],
    ['an hour back', -1],
  ] as const) {
    test(`${what} changes no SA and stops nothing`, async (context) => {
      const site = await LeftAndStranger.create();
      await using lab = site.lab;
      const { left } = site;
      // For a second after it has made a state the kernel takes a later clock for its age (net/xfrm/xfrm_state.c).
      const before = await left.untilTunnel(
        'right',
        'is older than that',
        ({ ike }) => (ike?.establishedSeconds ?? 0) > 2,
      );
      const stream = await startPingStream(lab.host('hosta'), '10.2.0.2', 0.02, PING);
      const began = performance.now();
      const epochSeconds = Math.floor(Date.now() / 1_000);
      const setClock = async (seconds: number): Promise<unknown> =>
        mustExecute('date', ['-s', `@${seconds}`]);
      await setClock(epochSeconds + hours * HOUR_SECONDS);
      try {
        // Rounds of the agent's own timer, and what it finds in them.
        const files = await Promise.all([1, 2].map(() => left.report()));
        assert.ok(files.every(({ wantedRevision: a, revisionInEffect: b }) => a === b));
        const after = await left.tunnel('right');
        assert.deepEqual(
          [after.state, after.ike?.uniqueId, after.children.map(({ spiIn }) => spiIn)],
          ['up', before.ike?.uniqueId, before.children.map(({ spiIn }) => spiIn)],
        );
        assert.equal((await left.run(['status'])).status, 0);

        // The daemon names another start; for the next agent it is the same daemon none the less.
        await left.endAgent('SIGKILL');
        await left.startAgent();
        await left.untilUp('right');
        assert.equal((await left.tunnel('right')).ike?.uniqueId, before.ike?.uniqueId);

        const file = await left.declare('site', `${TO_RIGHT}  liveness: {delaySeconds: 2}\n`, {
          key: KEY,
        });
        await left.mustRun(['apply', '-f', file]);
        await until(
          'the tunnel is exchanged',
          async () => {
            const { ike, children, state } = await left.tunnel('right');
            return (
              state === 'up' && ike?.uniqueId !== before.ike?.uniqueId && children.length === 1
            );
          },
          30_000,
        );
        // The kernel counts lifetimes by this clock: an SA that is rekeyed by hand goes on, too.
        await left.swanctl(['--rekey', '--child', 'v4']);
        assert.ok(await site.carries());
        const result = await stream.stop();
        context.diagnostic(lossLine(result));
        assertNoneLost(result);
      } finally {
        await setClock(epochSeconds + Math.round((performance.now() - began) / 1_000));
      }
    });
  }
});
