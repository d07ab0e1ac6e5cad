// Two gateways that both run Sallyport, and neither knows that of the other.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { connection, KEY, LEFT_SITE } from '../declarations/left-site.ts';
import { startPingStream } from '../ping-stream.ts';
import { Sallyport } from '../sallyport.ts';
import { createTwoSites, INNER_PREFIXES, type TwoSitesHost } from '../topologies/two-sites.ts';
import type { Lab } from '../topology.ts';
import { until } from '../until.ts';

const LEFT =
  LEFT_SITE +
  connection({
    name: 'right',
    networks: "10.2.0.0/24, 'fd02::/64'",
    tunnel: '{local: {id: left.example}, remote: {address: 203.0.113.1, id: right.example}}',
  });

/** The mirror image. */
const RIGHT = LEFT_SITE.replace(
  "{addresses: [198.51.100.1, '2001:db8:a::1']}",
  "{addresses: [203.0.113.1, '2001:db8:b::1']}",
)
  .replace("[10.1.0.0/24, 'fd01::/64']", "[10.2.0.0/24, 'fd02::/64']")
  .concat(
    connection({
      name: 'left',
      networks: "10.1.0.0/24, 'fd01::/64'",
      tunnel: '{local: {id: right.example}, remote: {address: 198.51.100.1, id: left.example}}',
    }),
  );

describe('two gateways with Sallyport', () => {
  let lab: Lab<TwoSitesHost>;
  let left: Sallyport;
  let right: Sallyport;

  before(async () => {
    lab = await createTwoSites();
    left = new Sallyport(lab.host('gwa'));
    right = new Sallyport(lab.host('gwb'));
    await Promise.all([left.startAgent(), right.startAgent()]);
    const leftFile = await left.declare('site', LEFT, { key: KEY });
    const rightFile = await right.declare('site', RIGHT, { key: KEY });
    // Shorter than the lab waits for a command, so that it can say itself what is not in effect.
    await Promise.all([
      left.mustRun(['apply', '-f', leftFile]),
      right.mustRun(['apply', '-f', rightFile]),
    ]);
  });
  after(async () => {
    await lab.close();
  });

  /** One IKE SA with a Child SA a family, in the daemons and the kernels of both. */
  const single = async (): Promise<boolean> => {
    for (const side of [left, right]) {
      const sas = await side.swanctl(['--list-sas', '--raw']);
      if (sas.match(/^list-sa event/gm)?.length !== 1) return false;
      if (sas.match(/ state=INSTALLED/g)?.length !== 2) return false;
      const states = await side.host.mustExec('ip', ['xfrm', 'state']);
      if (states.match(/proto esp spi /g)?.length !== 4) return false;
    }
    return true;
  };
  const carries = async (): Promise<void> => {
    const sniffer = await lab.host('internet').sniff('a', { innerPrefixes: INNER_PREFIXES });
    for (const address of ['10.2.0.2', 'fd02::2']) {
      assert.equal((await lab.host('hosta').ping(address)).received, 3, address);
    }
    const { esp, espInUdp, clear } = await sniffer.stop();
    assert.deepEqual([esp, espInUdp, clear], [12, 0, []]);
  };

  test('meet although both begin at once', async () => {
    await left.untilUp('right');
    await right.untilUp('left');
    await carries();
  });

  test('end with one SA, and lose no packet on the way there', async () => {
    const stream = await startPingStream(lab.host('hosta'), '10.2.0.2', 0.02);
    await until('nothing stands twice', single, 60_000);
    const { received, lost } = await stream.stop();
    assert.deepEqual(lost, []);
    assert.ok(received > 10);
    await carries();
  });

  test('exchange it in the same moment, and lose no packet', async () => {
    const changed = (text: string): string =>
      text.replaceAll('  crypto: strong\n', '  crypto: strong\n  liveness: {delaySeconds: 12}\n');
    const leftFile = await left.declare('site', changed(LEFT), { key: KEY });
    const rightFile = await right.declare('site', changed(RIGHT), { key: KEY });
    const stream = await startPingStream(lab.host('hosta'), '10.2.0.2', 0.005);
    await Promise.all([
      left.mustRun(['apply', '-f', leftFile]),
      right.mustRun(['apply', '-f', rightFile]),
    ]);
    await until('nothing stands twice', single, 90_000);
    const { received, lost } = await stream.stop();
    assert.deepEqual(lost, []);
    assert.ok(received > 100);
    for (const side of [left, right]) {
      const { wantedRevision, revisionInEffect } = await side.report();
      assert.equal(revisionInEffect, wantedRevision);
    }
  });

  test('keep the tunnel as it is when an agent ends and comes back', async () => {
    const { ike, children } = await right.tunnel('left');
    await right.endAgent('SIGTERM');
    await carries();
    await right.startAgent();
    const after = await right.untilTunnel('left', 'is up', ({ state }) => state === 'up');
    assert.equal(after.ike?.uniqueId, ike?.uniqueId);
    assert.deepEqual(
      after.children.map(({ spiIn }) => spiIn),
      children.map(({ spiIn }) => spiIn),
    );
    assert.ok(await single());
  });

  test('take up again after one that lost its power, and stay up from then on', async () => {
    const sniffer = await lab.host('internet').sniff('a', { innerPrefixes: INNER_PREFIXES });
    await right.endAgent('SIGKILL');
    await right.killDaemon();
    await right.host.mustExec('sh', ['-ec', 'ip xfrm state flush; ip xfrm policy flush']);
    assert.equal((await lab.host('hosta').ping('10.2.0.2', { count: 2 })).received, 0);
    await right.startAgent();
    await right.untilUp('left');
    await until(
      'packets pass again',
      async () => (await lab.host('hosta').ping('10.2.0.2', { count: 1 })).received === 1,
      30_000,
    );
    const stream = await startPingStream(lab.host('hosta'), '10.2.0.2', 0.02);
    await until('what stood before is gone', single, 90_000);
    const { lost } = await stream.stop();
    assert.deepEqual(lost, []);
    assert.deepEqual((await sniffer.stop()).clear, []);
    await carries();
  });
});
