// Two gateways that both run Sallyport, and neither knows that of the other.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { connection, KEY, LEFT_SITE } from '../declarations/left-site.ts';
import { Sallyport } from '../sallyport.ts';
import { createTwoSites, INNER_PREFIXES } from '../topologies/two-sites.ts';
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
  test('meet although both begin at once, end with one SA, and take up again after each other', async () => {
    await using lab = await createTwoSites();
    const left = new Sallyport(lab.host('gwa'));
    const right = new Sallyport(lab.host('gwb'));
    await Promise.all([left.startAgent(), right.startAgent()]);
    const leftFile = await left.declare('site', LEFT, { key: KEY });
    const rightFile = await right.declare('site', RIGHT, { key: KEY });
    await Promise.all([
      left.mustRun(['apply', '-f', leftFile]),
      right.mustRun(['apply', '-f', rightFile]),
    ]);
    await left.untilUp('right');
    await right.untilUp('left');

    const sniffer = await lab.host('internet').sniff('a', { innerPrefixes: INNER_PREFIXES });
    for (const address of ['10.2.0.2', 'fd02::2']) {
      assert.equal((await lab.host('hosta').ping(address)).received, 3, address);
    }
    const { esp, espInUdp, clear } = await sniffer.stop();
    assert.deepEqual([esp + espInUdp, clear], [12, []]);

    // What stands twice because both began goes; each end has one Child SA a family then.
    for (const [side, name] of [
      [left, 'right'],
      [right, 'left'],
    ] as const) {
      await side.untilTunnel(name, 'has no duplicate', ({ children }) => children.length === 2);
    }

    // The right one loses daemon and agent, as if its power had gone, and comes back.
    await right.endAgent('SIGKILL');
    await right.killDaemon();
    await lab.host('gwb').exec('ip', ['xfrm', 'state', 'flush']);
    await lab.host('gwb').exec('ip', ['xfrm', 'policy', 'flush']);
    await right.startAgent();
    await right.untilUp('left');
    await until(
      'packets pass again',
      async () => (await lab.host('hosta').ping('10.2.0.2', { count: 1 })).received === 1,
      60_000,
    );
  });
});
