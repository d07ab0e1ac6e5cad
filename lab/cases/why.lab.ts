// Why a tunnel carries nothing, whatever does the ESP; and why one is down through the fault of our own host.
// lab: any kernel

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { dataPlane } from '../data-plane.ts';
import type { Host } from '../host.ts';
import { LeftAndStranger } from '../topologies/left-and-stranger.ts';
import { isWell, tells, why } from '../why.ts';

const TARGET = '10.2.0.2';

describe('why', () => {
  let site: LeftAndStranger;
  let gwa: Host;

  before(async () => {
    site = await LeftAndStranger.create();
    gwa = site.lab.host('gwa');
  });
  after(async () => {
    await site.lab.close();
  });

  const firewall = (chain: string): Promise<string> =>
    gwa.mustExec('nft', ['-f', '-'], {
      input: `table inet theirs {\nchain one {\n${chain}\n}\n}\n`,
    });
  const noFirewall = (): Promise<string> =>
    gwa.mustExec('nft', ['delete', 'table', 'inet', 'theirs']);

  test('says what is not to be seen where ESP runs in user space, and nothing is wrong', async () => {
    const { unseen } = await isWell(site.left, 'right', TARGET);
    if (dataPlane === 'userspace') assert.match(unseen.join('\n'), /ESP runs in user space/);
    else assert.deepEqual(unseen, []);
  });

  test('names forwarding that is off, until it is on', async () => {
    await gwa.mustExec('sysctl', ['-q', '-w', 'net.ipv4.conf.lan.forwarding=0']);
    await tells('path/forwarding-off', site.left, 'right', TARGET);
    await gwa.mustExec('sysctl', ['-q', '-w', 'net.ipv4.conf.lan.forwarding=1']);
    await isWell(site.left, 'right', TARGET);
  });

  test('names a rule that leads packets past the tunnel, until it is gone', async () => {
    await gwa.ip([
      'route add 10.2.0.0/24 via 198.51.100.2 table 100',
      'rule add priority 100 lookup 100',
    ]);
    await tells('path/route-elsewhere', site.left, 'right', TARGET);
    await gwa.ip(['rule delete priority 100', 'route flush table 100']);
    await isWell(site.left, 'right', TARGET);
  });

  test('names a firewall that drops what is forwarded, until it is gone', async () => {
    await firewall('type filter hook forward priority 0; policy drop;\niifname "wan" accept');
    const { findings } = await why(site.left, 'right', TARGET);
    assert.deepEqual([...new Set(findings.map(({ code }) => code))], ['path/firewall-drops']);
    await noFirewall();
    await isWell(site.left, 'right', TARGET);
  });

  test('tells of a tunnel that is down what was tried, what stops it, and what the other side must have', async () => {
    await firewall(
      'type filter hook output priority 0; policy accept;\nudp dport { 500, 4500 } drop',
    );
    // Our answer to it is dropped as well.
    await site.stranger.trySwanctl(['--terminate', '--ike', 'site', '--force', '--timeout', '5']);
    await site.left.untilTunnel(
      'right',
      'is down',
      ({ state, cause }) => state === 'down' && cause !== undefined,
    );
    const { status, stdout } = await site.left.run(['why', 'right']);
    assert.equal(status, 3, stdout);
    assert.match(
      stdout,
      /default\/right main is DOWN for .*: \d things are wrong, the worst first/,
    );
    assert.match(stdout, /tried +\d\d:\d\d:\d\dZ {2}/);
    const [, first = ''] = /\[([a-z]+\/[a-z-]+)\]/.exec(stdout) ?? [];
    assert.equal(first, 'path/firewall-drops-outer', stdout);
    assert.match(
      stdout,
      /drops outgoing IKE between us and 203\.0\.113\.1: table inet theirs, chain one, rule with handle \d+/,
    );
    assert.match(
      stdout,
      /they need +address 203\.0\.113\.1, with this host \(198\.51\.100\.1\) as its peer/,
    );
    assert.match(stdout, /IKE version 2, with one of: aes256gcm16-prfsha384-ecp384/);
    assert.match(stdout, /networks: 10\.2\.0\.0\/24 as its own, 10\.1\.0\.0\/24 as ours/);
    await noFirewall();
    await site.left.untilTunnel('right', 'is up', ({ state }) => state === 'up', 120_000);
    await isWell(site.left, 'right', TARGET);
  });
});
