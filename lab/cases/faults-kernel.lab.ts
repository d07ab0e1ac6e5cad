// What happens in the kernel behind the daemon's back: SAs that are flushed, and a peer that sends what
// its tunnel is not for.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { lossLine, startPingStream } from '../ping-stream.ts';
import { LeftAndStranger } from '../topologies/left-and-stranger.ts';
import { until } from '../until.ts';

const INTERVAL_SECONDS = 0.02;

/** Taken away by hand under traffic; each is put back within so many milliseconds, loss included. */
const TAKEN: readonly (readonly [
  what: string,
  command: (tunnelInterface: string) => string,
  milliseconds: number,
])[] = [
  ['its SAs', () => 'ip xfrm state flush', 24_000],
  ['its policies', () => 'ip xfrm policy flush', 36_000],
  ['the interface of the tunnel', (name) => `ip link delete dev ${name}`, 12_000],
  ['the route into the tunnel', () => 'ip route delete 10.2.0.0/24 table 8300', 12_000],
  ['the rule of the routes', () => 'ip rule delete priority 8300', 12_000],
  // Nothing passes that would have been stopped: the loss of the guard costs no packet.
  ['the leak guard', () => 'nft delete table inet sallyport', 0],
];

describe('the kernel of a gateway', () => {
  describe('that has lost by hand', () => {
    let site: LeftAndStranger;

    before(async () => {
      site = await LeftAndStranger.create();
    });
    after(async () => {
      await site.lab.close();
    });

    for (const [what, command, milliseconds] of TAKEN) {
      test(`${what} gets it back`, async (context) => {
        const { left, lab } = site;
        const { interface: name = '' } = await left.tunnel('right');
        const stream = await startPingStream(lab.host('hosta'), '10.2.0.2', INTERVAL_SECONDS);
        await left.host.mustExec('sh', ['-c', command(name)]);
        await left.untilAsDeclared();
        await until('packets pass', () => site.carries(), 30_000);
        const result = await stream.stop();
        context.diagnostic(lossLine(result));
        assert.ok((result.lost.length - result.excused) * INTERVAL_SECONDS * 1_000 <= milliseconds);
      });
    }
  });

  test('that has lost its SAs gets new ones, and passes on only what a tunnel is for', async () => {
    const site = await LeftAndStranger.create();
    await using lab = site.lab;
    const { left } = site;
    const [gwa, gwb] = [lab.host('gwa'), lab.host('gwb')];
    const before = await left.tunnel('right');
    assert.equal((await lab.host('hosta').ping('10.2.0.2')).received, 3);

    await gwa.mustExec('ip', ['xfrm', 'state', 'flush']);
    assert.equal((await lab.host('hosta').ping('10.2.0.2', { count: 1 })).received, 0);
    await left.untilTunnel(
      'right',
      'is up with a new Child SA',
      ({ state, children }) =>
        state === 'up' && children[0]?.uniqueId !== before.children[0]?.uniqueId,
    );
    await until(
      'packets pass again',
      async () => (await lab.host('hosta').ping('10.2.0.2', { count: 1 })).received === 1,
      20_000,
    );

    // The peer's own policy would not let it pass: somebody who owns the peer writes another one.
    const reqid = /reqid (\d+)/.exec(await gwb.mustExec('ip', ['xfrm', 'state']))?.[1] ?? '';
    const template = `src 203.0.113.1 dst 198.51.100.1 proto esp reqid ${reqid} mode tunnel`;
    await gwb.ip([
      `xfrm policy add src 10.9.0.0/24 dst 10.1.0.0/24 dir out tmpl ${template}`,
      'route add 10.9.0.0/24 dev lan',
    ]);
    const hostb = lab.host('hostb');
    await hostb.ip(['address add 10.9.0.2/24 dev eth0']);
    const counter =
      'table inet seen { chain in { type filter hook input priority 0; ip saddr 10.9.0.2 counter comment "forged"; ip saddr 10.2.0.2 counter comment "own"; }; }';
    await lab.host('hosta').mustExec('nft', ['-f', '-'], { input: `${counter}\n` });
    for (const source of ['10.9.0.2', '10.2.0.2']) {
      const three = ['-n', '-c', '3', '-i', '0.1', '-W', '1'];
      await hostb.exec('ping', [...three, '-I', source, '10.1.0.2']);
    }
    const seen = await lab.host('hosta').mustExec('nft', ['list', 'table', 'inet', 'seen']);
    assert.match(seen, /packets 3 bytes \d+ comment "own"/);
    assert.match(seen, /packets 0 bytes 0 comment "forged"/);
    // It did come through the tunnel, and was stopped there: the test could fail.
    const states = await gwb.mustExec('cat', ['/proc/net/xfrm_stat']);
    assert.match(states, /XfrmOutError\s+0/);
    const stopped = await gwa.mustExec('cat', ['/proc/net/xfrm_stat']);
    assert.match(
      stopped,
      /XfrmIn(?:NoPols|TmplMismatch|PolBlock|PolError)\s+[1-9]|XfrmFwdHdrError\s+[1-9]/,
    );
  });
});
