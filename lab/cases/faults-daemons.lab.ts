// Daemons that die: traffic goes on or comes back, without a person, and nothing is left over.

// lab: userspace

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { dataPlane } from '../data-plane.ts';
import { ipsecOf, networkOf } from '../footprint.ts';
import type { Host } from '../host.ts';
import { lossLine, startPingStream } from '../ping-stream.ts';
import { processesOf } from '../processes.ts';
import type { TunnelView } from '../sallyport.ts';
import { LeftAndStranger } from '../topologies/left-and-stranger.ts';
import { INNER_PREFIXES } from '../topologies/two-sites.ts';
import { until } from '../until.ts';

/** What other people have on the host, as near to ours as it can be without our marks. */
async function addForeign(host: Host): Promise<void> {
  await host.ip([
    'link add name spare type veth peer name sp0badcafe',
    'link set dev spare alias "sally is not here" up',
    'address add 10.76.0.1/24 dev spare',
    'route add 10.77.0.0/16 dev lan table 8300',
    'route add 10.78.0.0/16 dev lan',
    'rule add priority 8300 from 192.0.2.7 lookup 77',
    'rule add priority 8301 from all lookup 77',
  ]);
  await host.mustExec('nft', ['-f', '-'], {
    input: `table inet theirs {
  set sallyport {
    type ipv4_addr
    elements = { 192.0.2.8 }
  }
  chain sallyport {
    type filter hook forward priority 10; policy accept;
    ip daddr @sallyport drop
  }
}
table ip sallyport {
}
`,
  });
  if (dataPlane !== 'kernel') return;
  const ends = 'src 192.0.2.1 dst 192.0.2.2';
  await host.ip([
    `xfrm state add ${ends} proto esp spi 0x1001 reqid 8300 mode tunnel aead rfc4106(gcm(aes)) 0x${'5a'.repeat(20)} 128`,
    `xfrm policy add src 192.0.2.0/25 dst 192.0.2.128/25 dir out tmpl ${ends} proto esp reqid 8300 mode tunnel`,
  ]);
}

const spisOf = ({ children }: TunnelView): readonly string[] => children.map(({ spiIn }) => spiIn);

describe('with a tunnel to a stranger', () => {
  let site: LeftAndStranger;
  let untouched: { readonly network: readonly string[]; readonly ipsec: readonly string[] };

  before(async () => {
    site = await LeftAndStranger.create(async (host) => {
      await addForeign(host);
      untouched = { network: await networkOf(host), ipsec: await ipsecOf(host) };
    });
  });
  after(async () => {
    await site.lab.close();
  });

  const takenOver = async (before: TunnelView): Promise<void> => {
    const { left } = site;
    const taken = await left.untilTunnel('right', 'is taken over', ({ state }) => state === 'up');
    assert.equal(taken.ike?.uniqueId, before.ike?.uniqueId);
    assert.deepEqual(spisOf(taken), spisOf(before));
    const { differences, problems, revisionInEffect, wantedRevision } = await left.report();
    assert.deepEqual([differences, problems], [[], []]);
    assert.equal(revisionInEffect, wantedRevision);
  };

  const anew = async (before: TunnelView, pidBefore: number): Promise<void> => {
    const { left } = site;
    await left.untilTunnel(
      'right',
      'is up anew',
      (tunnel) =>
        tunnel.state === 'up' && spisOf(tunnel).every((spi) => !spisOf(before).includes(spi)),
    );
    assert.ok(await site.carries());
    assert.notEqual(await left.daemonPid(), pidBefore);
  };

  /** What the killed daemon had in the kernel goes when nothing comes by it any more. */
  const onlyKnownSas = async (): Promise<void> => {
    const { left } = site;
    const ofOthers = untouched.ipsec.filter((line) => line.startsWith('src ')).length;
    await until(
      'the kernel has only SAs that the daemon knows',
      async () => {
        const spis = (await left.host.mustExec('ip', ['xfrm', 'state'])).match(/^src /gm);
        const policies = (
          await left.host.mustExec('ip', ['xfrm', 'policy', 'list', 'nosock'])
        ).match(/^src /gm);
        return (spis?.length ?? 0) + (policies?.length ?? 0) === 2 + 3 + ofOthers;
      },
      60_000,
    );
  };

  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    test(`an agent that ends by ${signal} costs no packet; the next one takes the tunnel over as it is`, async () => {
      const { left, lab } = site;
      const tunnel = await left.tunnel('right');
      const stream = await startPingStream(lab.host('hosta'), '10.2.0.2', 0.02);
      await left.endAgent(signal);
      assert.ok(await site.carries());
      assert.equal((await left.run(['status'])).status, 1);
      await left.startAgent();
      await takenOver(tunnel);
      assert.deepEqual((await stream.stop()).lost, []);
    });
  }

  test('teardown is refused while an agent runs, and changes nothing', async () => {
    const { left } = site;
    const tunnel = await left.tunnel('right');
    const { status, stderr } = await left.run(['agent', '--teardown']);
    assert.equal(status, 1);
    assert.match(stderr, /another Sallyport agent already runs on this host \(pid \d+, since /);
    await takenOver(tunnel);
    assert.ok(await site.carries());
  });

  test('teardown leaves the host as it was before Sallyport, byte for byte', async () => {
    const { left } = site;
    await left.endAgent('SIGTERM');
    await left.mustRun(['agent', '--teardown']);
    assert.deepEqual(await networkOf(left.host), untouched.network);
    assert.deepEqual(await ipsecOf(left.host), untouched.ipsec);
    assert.deepEqual(await processesOf(left.host), []);
  });

  test('after it, everything comes back from what is declared', async () => {
    const { left } = site;
    await left.startAgent();
    await left.untilUp('right');
    assert.ok(await site.carries());
    // What the teardown took away, nobody else did.
    assert.equal((await left.report()).drift.count, 0);
  });

  test('a daemon that was killed is back with its tunnel, and nothing was in clear meanwhile', async (context) => {
    const { left, lab } = site;
    const sniffer = await lab.host('internet').sniff('a', { innerPrefixes: INNER_PREFIXES });
    const tunnel = await left.tunnel('right');
    const stream = await startPingStream(lab.host('hosta'), '10.2.0.2', 0.01);
    const began = performance.now();
    const pid = await left.killDaemon();
    await anew(tunnel, pid);
    const took = performance.now() - began;
    const result = await stream.stop();
    context.diagnostic(`back after ${(took / 1_000).toFixed(1)} s: ${lossLine(result)}`);
    assert.deepEqual((await sniffer.stop()).clear, []);
    if (dataPlane === 'kernel') await onlyKnownSas();
    // The kernel goes on with the SAs that it has, until the new ones take over. What the other side sends by
    // those before ours are installed is held for a tenth of a second: a busy machine may need longer.
    if (dataPlane === 'kernel') assert.ok(result.lost.length <= 20 + result.excused);
  });

  test('daemon and agent killed together are back with the next agent', async () => {
    const { left } = site;
    const tunnel = await left.tunnel('right');
    await left.endAgent('SIGKILL');
    const pid = await left.killDaemon();
    await left.startAgent();
    await anew(tunnel, pid);
  });

  test('teardown after everything was killed leaves the host as it was as well', async () => {
    await site.left.endAgent('SIGKILL');
    await site.left.killDaemon();
    await site.left.mustRun(['agent', '--teardown']);
    assert.deepEqual(await networkOf(site.left.host), untouched.network);
    assert.deepEqual(await ipsecOf(site.left.host), untouched.ipsec);
    assert.deepEqual(await processesOf(site.left.host), []);
    // There is nothing to do a second time, which is no error.
    await site.left.mustRun(['agent', '--teardown']);
    assert.deepEqual(await networkOf(site.left.host), untouched.network);
  });
});
