// A tunnel is changed again and again under traffic: not one packet is lost, on it or beside it.

import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { dataPlane } from '../data-plane.ts';
import { atLength } from '../length.ts';
import { assertNoneLost } from '../none-lost.ts';
import { startPingStream } from '../ping-stream.ts';
import type { TunnelView } from '../sallyport.ts';
import { Partners } from '../topologies/partners.ts';
import { until } from '../until.ts';

const ROLLS = atLength({ whole: 8, short: 4 });

describe('a changed tunnel', () => {
  test('is exchanged without the loss of a packet', async () => {
    await using partners = await Partners.create({ dataPlane });
    const { lab, gateway, declarations } = partners;
    await gateway.startAgent();
    const views = async (): Promise<readonly TunnelView[]> => (await gateway.report()).tunnels;
    const apply = async (): Promise<unknown> => gateway.mustRun(['apply', '-f', declarations]);
    await apply();
    await until(
      'all tunnels are up',
      async () => (await views()).every(({ state }) => state === 'up'),
      60_000,
    );
    const changed = async (): Promise<TunnelView> => {
      const view = (await views()).find(({ connection }) => connection === 'partner-a');
      assert.ok(view);
      return view;
    };

    const file = join(declarations, 'partner-a.yaml');
    const original = await readFile(file, 'utf8');
    const own = await startPingStream(lab.host('web1'), '10.2.0.2', 0.001);
    const other = await startPingStream(lab.host('web2'), '10.20.0.2', 0.01);
    for (let roll = 1; roll <= ROLLS; roll += 1) {
      const { ike: before } = await changed();
      await writeFile(
        file,
        original.replace(
          '  crypto: strong',
          `  crypto: strong\n  liveness: {delaySeconds: ${10 + roll}}`,
        ),
      );
      await apply();
      await until(
        `roll ${roll} is done`,
        async () => {
          const { ike, children, state } = await changed();
          return state === 'up' && ike?.uniqueId !== before?.uniqueId && children.length === 1;
        },
        30_000,
      );
    }
    for (const stream of [own, other]) {
      const result = await stream.stop();
      assertNoneLost(result);
      assert.ok(result.received > 100);
    }
    await until(
      'no packet is held any more',
      async () => (await gateway.host.mustExec('ip', ['link', 'show', 'type', 'ifb'])) === '',
      5_000,
    );
    const log = await readFile(gateway.host.file('agent.log'), 'utf8');
    assert.doesNotMatch(log, /may lose|may still be held/);
  });
});
