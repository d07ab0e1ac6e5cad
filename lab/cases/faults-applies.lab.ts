// Several people apply at once: nothing of any of them is lost, and no packet of the tunnel that stands.

// lab: any kernel

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { connection, KEY, LEFT_SITE } from '../declarations/left-site.ts';
import { lossLine, startPingStream } from '../ping-stream.ts';
import { LeftAndStranger } from '../topologies/left-and-stranger.ts';

const SITES = [2, 3, 4, 5];

describe('several applies at once', () => {
  test('are all in effect in the end, in whatever order they came', async (context) => {
    const site = await LeftAndStranger.create();
    await using lab = site.lab;
    const { left } = site;
    const before = await left.tunnel('right');
    const stream = await startPingStream(lab.host('hosta'), '10.2.0.2', 0.02);
    const files = await Promise.all(
      SITES.map((number) =>
        left.declare(
          `site-${number}`,
          LEFT_SITE +
            connection({
              ...{ name: `site-${number}`, networks: `10.${number + 1}.0.0/24` },
              tunnel: `{local: {id: left.example}, remote: {address: 203.0.113.1, id: s${number}.example}}`,
              more: '  start: respond\n',
            }),
          { key: KEY },
        ),
      ),
    );
    const outcomes = await Promise.all(
      files.map((file) => left.run(['apply', '-f', file, '--timeout', '60'])),
    );
    // Proven in effect, or overtaken by the next one, which it then says.
    for (const { status, stdout, stderr } of outcomes)
      assert.ok(status === 0 || /is not in effect/.test(stdout), stdout + stderr);
    assert.ok(outcomes.some(({ status }) => status === 0));
    const { tunnels, wantedRevision, revisionInEffect } = await left.report();
    assert.equal(revisionInEffect, wantedRevision);
    assert.deepEqual(
      tunnels.map((tunnel) => [tunnel.connection, tunnel.state]),
      [['right', 'up'], ...SITES.map((number) => [`site-${number}`, 'waiting'])],
    );
    assert.equal((await left.tunnel('right')).ike?.uniqueId, before.ike?.uniqueId);
    const result = await stream.stop();
    context.diagnostic(lossLine(result));
    assert.deepEqual(result.lost, []);
  });
});
