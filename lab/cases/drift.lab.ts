// What somebody else changes on a gateway, in kernel and daemon, is named and put right, or only reported.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { ReportView } from '../sallyport.ts';
import { LeftAndStranger, TO_RIGHT } from '../topologies/left-and-stranger.ts';
import { until } from '../until.ts';

const TUNNEL = 'sp.default.right.main';
const REPORT_ONLY = TO_RIGHT.replace('spec: {addresses:', 'spec: {driftPolicy: report, addresses:');
const CHANGED = /somebody else has changed what was in effect/g;

describe('what somebody else changes', () => {
  let site: LeftAndStranger;
  let link: string;

  before(async () => {
    site = await LeftAndStranger.create();
    link = (await site.left.tunnel('right')).interface ?? '';
    assert.match(link, /^sp/);
  });
  after(async () => {
    await site.lab.close();
  });

  const sh = (script: string): Promise<string> => site.left.host.mustExec('sh', ['-c', script]);
  /** How it is done, and the change that puts it right. */
  const meddlings = (): readonly (readonly [meddle: () => Promise<unknown>, told: RegExp])[] => [
    [
      () => sh('ip route del 10.2.0.0/24 table 8300'),
      /^kernel: add route 10\.2\.0\.0\/24 dev sp\w+ .*table 8300$/,
    ],
    [() => sh('ip rule del priority 8320'), /^kernel: add rule IPv4 priority 8320 /],
    [
      () => sh(`ip link set ${link} mtu 1300`),
      /^kernel: replace interface sp\w+ .* \(mtu was 1300\)$/,
    ],
    [() => sh('nft flush table inet sallyport'), /^kernel: replace nftables table inet sallyport$/],
    [
      () => sh(`echo 1 > /proc/sys/net/ipv4/conf/${link}/rp_filter`),
      /^kernel: replace sysctl net\/ipv4\/conf\/sp\w+\/rp_filter = 2 \(was 1\)$/,
    ],
    // What is loaded and not in the file is unloaded.
    [
      () => site.left.swanctl(['--load-conns', '--file', '/dev/null']),
      /^IKE daemon: add IKE connection sp\.default\.right\.main$/,
    ],
  ];
  /** As kernel and daemon tell it themselves; counters and ages left out. */
  const inForce = async (): Promise<readonly string[]> => [
    await sh('ip route show table 8300; ip rule show'),
    await sh(`cat /sys/class/net/${link}/mtu /proc/sys/net/ipv4/conf/${link}/rp_filter`),
    (await sh('nft -s list table inet sallyport')).replaceAll(/counter packets \d+ bytes \d+/g, ''),
    await site.left.swanctl(['--list-conns']),
  ];
  const timesTold = async (): Promise<number> =>
    ((await sh(`cat ${site.left.host.file('agent.log')}`)).match(CHANGED) ?? []).length;
  const untilCounted = (count: number): Promise<ReportView> =>
    until(
      `${String(count)} changes are counted`,
      async () => {
        const report = await site.left.report();
        assert.ok(report.drift.count <= count, JSON.stringify(report.drift));
        return report.drift.count === count ? report : undefined;
      },
      30_000,
    );

  test('is put right and counted, each by name, and told once', async () => {
    const wanted = await inForce();
    for (const [index, [meddle, told]] of meddlings().entries()) {
      await meddle();
      const { drift, differences } = await untilCounted(index + 1);
      const newest = drift.last.at(-1);
      assert.match(newest?.text ?? '', told);
      assert.deepEqual([newest?.repaired, differences], [true, []]);
      assert.deepEqual(await inForce(), wanted);
      assert.equal(await timesTold(), index + 1);
    }
    const ofHost = await site.left.condition('host', 'left', 'Drifted');
    const ofConnection = await site.left.condition('connection', 'right', 'Drifted');
    for (const { status, reason, message } of [ofHost, ofConnection]) {
      assert.deepEqual([status, reason], ['False', 'Repaired']);
      assert.match(message, /^left: IKE daemon: add IKE connection/);
    }
    assert.equal((await site.left.condition('connection', 'right', 'Programmed')).status, 'True');
    assert.ok(await site.carries());
  });

  test('stands as it is where the host only reports, and tunnels are kept up', async () => {
    const { left } = site;
    const file = await left.declare('report', REPORT_ONLY);
    await left.mustRun(['apply', '-f', file]);
    const wanted = await inForce();
    const already = (await left.report()).drift.count;
    const all = meddlings();
    const told = (report: ReportView): boolean =>
      all.every(([, text]) => report.differences.some((other) => text.test(other.text)));

    // All but the last one, without which no SA comes up again.
    for (const [meddle] of all.slice(0, -1)) await meddle();
    await untilCounted(already + all.length - 1);
    const { ike } = await left.tunnel('right');
    await left.swanctl(['--terminate', '--ike', TUNNEL, '--force']);
    await left.untilTunnel(
      'right',
      'is up with a new IKE SA',
      (tunnel) => tunnel.state === 'up' && tunnel.ike?.uniqueId !== ike?.uniqueId,
    );
    await all.at(-1)?.[0]();
    const report = await untilCounted(already + all.length);
    assert.ok(told(report), JSON.stringify(report.differences));
    assert.ok(report.differences.every(({ drifted }) => drifted));
    const meddled = await inForce();
    for (const [index, part] of meddled.entries()) assert.notEqual(part, wanted[index]);

    // Neither the next look nor the next agent touches it, or counts it again.
    await left.endAgent('SIGTERM');
    await left.startAgent();
    assert.ok(told(await untilCounted(already + all.length)));
    assert.deepEqual(await inForce(), meddled);
    assert.equal((await site.left.condition('host', 'left', 'Drifted')).reason, 'NotRepaired');
    assert.equal((await site.left.condition('connection', 'right', 'Drifted')).status, 'True');
    const { status, reason } = await site.left.condition('connection', 'right', 'Programmed');
    assert.deepEqual([status, reason], ['False', 'Drifted']);

    // Another plan is another wish, and brings everything back.
    await left.mustRun(['apply', '-f', site.file]);
    assert.deepEqual(await inForce(), wanted);
    assert.equal((await left.report()).drift.count, already + all.length);
    await left.untilUp('right');
    assert.ok(await site.carries());
  });
});
