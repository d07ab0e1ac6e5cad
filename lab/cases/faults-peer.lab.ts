// A peer that is gone without a word: it comes back as it was, calls us itself, or answers elsewhere.

// lab: any kernel

import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, type TestContext, test } from 'node:test';
import { dataPlane } from '../data-plane.ts';
import { connection, KEY, LEFT_SITE } from '../declarations/left-site.ts';
import { mustExecute } from '../execute.ts';
import { projectDirectory } from '../paths.ts';
import { lossLine, type PingStream, startPingStream } from '../ping-stream.ts';
import { Sallyport, type TunnelView } from '../sallyport.ts';
import { Stranger } from '../stranger.ts';
import { createTwoSites, type TwoSitesHost } from '../topologies/two-sites.ts';
import type { Lab } from '../topology.ts';
import { until } from '../until.ts';

const NAME = 'partner.example';
const FIRST = '203.0.113.1';
const OTHER = '203.0.113.129';
const LIVENESS_SECONDS = 2;
/**
 * Two seconds of silence, a probe with three repetitions (18.5 s by strongswan.conf, a fifth more by its
 * jitter), and the new IKE SA.
 */
const BY_LIVENESS_MILLISECONDS = 40_000;
const BY_ITSELF_MILLISECONDS = 10_000;
const INTERVAL_SECONDS = 0.05;

interface Failure {
  readonly stream: PingStream;
  /** As it was before. */
  readonly tunnel: TunnelView;
  /** By the steady clock. */
  readonly failedAt: number;
}

describe('a peer that is gone without a word', () => {
  let lab: Lab<TwoSitesHost>;
  let left: Sallyport;
  let stranger: Stranger;
  const hosts = (address: string): Promise<void> =>
    writeFile(lab.host('gwa').file('hosts'), `127.0.0.1 localhost\n${address} ${NAME}\n`);

  before(async () => {
    lab = await createTwoSites();
    await hosts(FIRST);
    // The lab's own /etc/hosts: nobody outside its mount namespace sees it.
    await mustExecute('mount', ['--bind', lab.host('gwa').file('hosts'), '/etc/hosts']);
    const configFile = join(projectDirectory, 'lab', 'sites', 'answering-right.conf');
    stranger = new Stranger(lab.host('gwb'), { configFile, dataPlane });
    await stranger.start();
    left = new Sallyport(lab.host('gwa'));
    await left.startAgent();
    const text = connection({
      ...{ name: 'right', networks: '10.2.0.0/24' },
      tunnel: `{local: {id: left.example}, remote: {address: ${NAME}, id: right.example}}`,
      more: `  liveness: {delaySeconds: ${String(LIVENESS_SECONDS)}}\n`,
    });
    const file = await left.declare('site', LEFT_SITE + text, { key: KEY });
    await left.mustRun(['apply', '-f', file]);
    await left.untilUp('right');
  });
  after(async () => {
    await lab.close();
    await mustExecute('umount', ['--lazy', '/etc/hosts']);
  });

  /** The power fails: no DELETE, and nothing in its kernel. Returns when, by the steady clock. */
  const fail = async (): Promise<number> => {
    const failedAt = performance.now();
    const gwb = lab.host('gwb');
    await stranger.kill();
    if (dataPlane === 'kernel')
      for (const what of ['state', 'policy']) await gwb.mustExec('ip', ['xfrm', what, 'flush']);
    await gwb.exec('ip', ['route', 'flush', 'table', '220']);
    return failedAt;
  };
  /** Until packets pass by other SAs than before. */
  const back = async (
    context: TestContext,
    { stream, tunnel, failedAt }: Failure,
    milliseconds: number,
  ): Promise<void> => {
    await left.untilTunnel(
      'right',
      'is up with another IKE SA',
      ({ state, ike }) => state === 'up' && ike?.uniqueId !== tunnel.ike?.uniqueId,
      milliseconds,
    );
    await until(
      'packets pass',
      async () => (await lab.host('hosta').ping('10.2.0.2', { count: 1 })).received === 1,
      5_000,
    );
    const took = performance.now() - failedAt;
    const result = await stream.stop();
    context.diagnostic(`back after ${(took / 1_000).toFixed(1)} s: ${lossLine(result)}`);
    assert.ok(took < milliseconds);
    // Not one more than in that time, and those in flight.
    assert.ok(result.lost.length * INTERVAL_SECONDS < took / 1_000 + 1);
  };

  test('and back, while nobody there calls us: found dead, and called again', async (context) => {
    const tunnel = await left.tunnel('right');
    const stream = await startPingStream(lab.host('hosta'), '10.2.0.2', INTERVAL_SECONDS);
    const failedAt = await fail();
    await stranger.start();
    await back(context, { stream, tunnel, failedAt }, BY_LIVENESS_MILLISECONDS);
  });

  test('and back, calling us: its new SA takes over at once', async (context) => {
    const tunnel = await left.tunnel('right');
    const stream = await startPingStream(lab.host('hosta'), '10.2.0.2', INTERVAL_SECONDS);
    const failedAt = await fail();
    await stranger.start();
    await stranger.swanctl(['--initiate', '--child', 'networks', '--timeout', '9']);
    await back(context, { stream, tunnel, failedAt }, BY_ITSELF_MILLISECONDS);
  });

  test('and back under another address of its name: resolved anew', async (context) => {
    const gwb = lab.host('gwb');
    const tunnel = await left.tunnel('right');
    assert.equal(tunnel.remoteAddress, FIRST);
    const stream = await startPingStream(lab.host('hosta'), '10.2.0.2', INTERVAL_SECONDS);
    const failedAt = await fail();
    await lab.host('internet').ip([`route add ${OTHER}/32 dev b`]);
    await gwb.ip([
      `address add ${OTHER}/32 dev wan`,
      `address delete ${FIRST}/30 dev wan`,
      `route replace 203.0.113.2/32 dev wan src ${OTHER}`,
      `route replace default via 203.0.113.2 src ${OTHER}`,
    ]);
    await stranger.start();
    await hosts(OTHER);
    await back(context, { stream, tunnel, failedAt }, BY_LIVENESS_MILLISECONDS);
    assert.equal((await left.tunnel('right')).remoteAddress, OTHER);
    // None of the old address is left beside it.
    assert.doesNotMatch(await left.swanctl(['--list-sas', '--noblock']), /203\.0\.113\.1['\]]/);
  });
});
