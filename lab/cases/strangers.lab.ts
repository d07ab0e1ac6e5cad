// The lab itself: two hand-written strongSwan sites reach each other, and the router between them
// sees nothing but ESP. Whatever else fails, this tells whether the ground is firm.
// lab: userspace

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { dataPlane } from '../data-plane.ts';
import { projectDirectory } from '../paths.ts';
import { Stranger } from '../stranger.ts';
import { createTwoSites, INNER_PREFIXES } from '../topologies/two-sites.ts';

const site = (name: string): string => join(projectDirectory, 'lab', 'sites', `${name}.conf`);

describe('two strangers', () => {
  test('without a tunnel the sniffer sees the packets in clear', async () => {
    await using lab = await createTwoSites();
    const sniffer = await lab.host('internet').sniff('a', { innerPrefixes: INNER_PREFIXES });
    assert.deepEqual(await lab.host('hosta').ping('10.2.0.2'), { sent: 3, received: 3 });
    assert.deepEqual(await lab.host('hosta').ping('fd02::2'), { sent: 3, received: 3 });
    const { clear, ...encrypted } = await sniffer.stop();
    assert.equal(clear.length, 12);
    assert.deepEqual(encrypted, { esp: 0, espInUdp: 0, ike: 0 });
  });

  test('networks as selectors: only ESP crosses, and nothing while the path is cut', async () => {
    await using lab = await createTwoSites();
    const left = new Stranger(lab.host('gwa'), { configFile: site('plain-left'), dataPlane });
    const right = new Stranger(lab.host('gwb'), { configFile: site('plain-right'), dataPlane });
    await right.start();
    await left.start();
    const sniffer = await lab.host('internet').sniff('a', { innerPrefixes: INNER_PREFIXES });
    await left.swanctl(['--initiate', '--child', 'networks', '--timeout', '20']);
    assert.deepEqual(await lab.host('hosta').ping('10.2.0.2'), { sent: 3, received: 3 });
    await lab.link('wan-b').cut();
    assert.equal((await lab.host('hosta').ping('10.2.0.2', { count: 2 })).received, 0);
    await lab.link('wan-b').restore();
    assert.deepEqual(await lab.host('hosta').ping('10.2.0.2'), { sent: 3, received: 3 });
    const { esp, espInUdp, ike, clear } = await sniffer.stop();
    assert.deepEqual(clear, []);
    // Three echoes and answers, two echoes into the cut, three echoes and answers.
    assert.equal(dataPlane === 'kernel' ? esp : espInUdp, 14);
    assert.equal(dataPlane === 'kernel' ? espInUdp : esp, 0);
    assert.ok(ike >= 4);
  });

  test('an XFRM interface: what is routed into it is encrypted, in both families', {
    skip: dataPlane === 'userspace' && 'user-space ESP ignores if_id',
  }, async () => {
    await using lab = await createTwoSites();
    const strangers: Stranger[] = [];
    for (const [name, config, remote] of [
      ['gwa', 'interface-left', ['10.2.0.0/24', 'fd02::/64']],
      ['gwb', 'interface-right', ['10.1.0.0/24', 'fd01::/64']],
    ] as const) {
      const host = lab.host(name);
      await host.ip([
        'link add ipsec0 type xfrm dev wan if_id 42',
        'link set dev ipsec0 mtu 1400 up',
        ...remote.map((prefix) => `route add ${prefix} dev ipsec0`),
      ]);
      const stranger = new Stranger(host, {
        ...{ configFile: site(config), dataPlane, installRoutes: false },
      });
      await stranger.start();
      strangers.push(stranger);
    }
    const sniffer = await lab.host('internet').sniff('a', { innerPrefixes: INNER_PREFIXES });
    await strangers[0]?.swanctl(['--initiate', '--child', 'networks', '--timeout', '20']);
    assert.deepEqual(await lab.host('hosta').ping('10.2.0.2'), { sent: 3, received: 3 });
    assert.deepEqual(await lab.host('hosta').ping('fd02::2'), { sent: 3, received: 3 });
    const { esp, clear } = await sniffer.stop();
    assert.deepEqual({ esp, clear }, { esp: 12, clear: [] });
  });

  test('a NAT between them: ESP goes in UDP', async () => {
    await using lab = await createTwoSites();
    await lab.host('internet').masquerade('b');
    const left = new Stranger(lab.host('gwa'), { configFile: site('plain-left'), dataPlane });
    const right = new Stranger(lab.host('gwb'), { configFile: site('any-right'), dataPlane });
    await right.start();
    await left.start();
    const sniffer = await lab.host('internet').sniff('b', { innerPrefixes: INNER_PREFIXES });
    await left.swanctl(['--initiate', '--child', 'networks', '--timeout', '20']);
    assert.deepEqual(await lab.host('hosta').ping('10.2.0.2'), { sent: 3, received: 3 });
    const { esp, espInUdp, clear } = await sniffer.stop();
    assert.deepEqual({ esp, espInUdp, clear }, { esp: 0, espInUdp: 6, clear: [] });
  });

  test('one that is killed, or stopped, comes back with its configuration', async () => {
    await using lab = await createTwoSites();
    const left = new Stranger(lab.host('gwa'), { configFile: site('plain-left'), dataPlane });
    const right = new Stranger(lab.host('gwb'), { configFile: site('plain-right'), dataPlane });
    await left.start();
    await right.start();
    for (const end of ['kill', 'stop'] as const) {
      await right[end]();
      assert.notEqual((await right.trySwanctl(['--stats'])).status, 0, end);
      await right.start();
      await left.swanctl(['--initiate', '--child', 'networks', '--timeout', '20']);
      assert.deepEqual(await lab.host('hosta').ping('10.2.0.2'), { sent: 3, received: 3 }, end);
    }
    assert.match(await right.log(), /CHILD_SA networks\{\d+\} established/);
  });
});
