// A host whose remote networks lie behind two gateways: this namespace, of `gateway-network.ts`, with the host on
// its LAN as one gateway and the peer as the other one. Both have the remote addresses 10.9.0.1 and fd09::1.

// lab: any kernel

import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { ethernetAddress } from '../src/drivers/kernel/ethernet-address.ts';
import { type KernelDesired, NOTHING_DESIRED } from '../src/drivers/kernel/state.ts';
import type { InterfacePlan } from '../src/plan/host-plan.ts';
import { type NodePlan, withoutGateways } from '../src/plan/node-plan.ts';
import { outputOf, systemCommands } from '../src/platform/linux/command.ts';
import { ipBatch } from './namespace.ts';
import { kernel, network } from './shared-gateway.ts';

const ip = (...args: string[]): Promise<string> => outputOf(systemCommands, 'ip', args);

const REMOTE = ['10.9.0.0/16', 'FD09:0::/32'] as const;
const TARGETS = ['10.9.0.1', 'fd09::1'] as const;
const HOPS = ['10.1.0.2', '192.0.2.2', 'FD01:0::2', '2001:db8::2'] as const;

const EVEN = HOPS.map((address) => ({ address, weight: 1 }));

const node: NodePlan = {
  ways: [{ prefixes: REMOTE, hops: EVEN }],
  sources: ['10.1.0.1', 'fd01::1'],
};
const firewall: KernelDesired['firewall'] = {
  guarded: REMOTE.map((prefix) => ({ prefix, by: 'interface' })),
  peers: [],
  clamps: [],
};
const plain: KernelDesired = {
  ...NOTHING_DESIRED,
  node,
  firewall: { ...firewall, relays: HOPS },
};

const device: InterfacePlan = {
  kind: 'vxlan',
  name: 'spvx000001',
  port: 8300,
  localAddress: '10.1.0.1',
  mtuBytes: 1450,
  alias: 'sallyport nodes',
};
const encapsulated: KernelDesired = {
  ...NOTHING_DESIRED,
  interfaces: [device],
  sysctls: [{ key: `net/ipv4/conf/${device.name}/rp_filter`, value: '2' }],
  node: {
    encapsulation: { interface: device.name, identity: 83 },
    ways: [{ prefixes: REMOTE, hops: [{ address: '10.1.0.2', weight: 1 }] }],
    sources: ['10.1.0.1', 'fd01::1'],
  },
  firewall,
};

before(async () => {
  for (const address of TARGETS) {
    await network.atHost(['ip', 'address', 'add', address, 'dev', 'lo']);
    await network.atPeer(['ip', 'address', 'add', address, 'dev', 'lo']);
  }
  const tentative = ['ip', '-6', 'address', 'show', 'tentative'];
  while (
    (await ip(...tentative.slice(1))) +
      (await network.atHost(tentative)) +
      (await network.atPeer(tentative)) !==
    ''
  )
    await setTimeout(100);
});

describe('next hops in a subnet of ours', () => {
  test('are reached in one round, and carry packets', async () => {
    assert.notEqual((await kernel.apply(plain)).length, 0);
    assert.deepEqual(await kernel.differences(plain), []);
    for (const to of TARGETS) assert.equal(await network.ping('gateway', to), 3, to);
  });

  for (const gone of ['10.1.0.2', '192.0.2.2']) {
    test(`lose one, ${gone}, by one change of one group`, async () => {
      await kernel.apply(plain);
      const without = { ...plain, node: withoutGateways(node, [gone]) };
      const changes = await kernel.apply(without);
      assert.equal(changes.length, 1, changes.join('\n'));
      assert.match(changes[0] ?? '', /^replace nexthop \d+ group \d+,1 type resilient/);
      assert.deepEqual(await kernel.differences(without), []);
      assert.equal(await network.ping('gateway', '10.9.0.1'), 3);
      const buckets = await ip('nexthop', 'bucket', 'list');
      assert.match(buckets, /nhid/);
      const back = await kernel.apply(plain);
      assert.equal(back.length, 1, back.join('\n'));
    });
  }

  test('are no way for what has lost them: it goes nowhere', async () => {
    await kernel.apply(plain);
    await ipBatch(['nexthop flush protocol 83']);
    const { stdout, stderr } = await systemCommands.run('ip', ['route', 'get', '10.9.0.1']);
    assert.match(stdout + stderr, /unreachable|No route to host/);
  });

  const bends: readonly (readonly [string, readonly string[]])[] = [
    ['all objects are gone, and the routes with them', ['nexthop flush protocol 83']],
    ['a link was down for a moment', ['link set dev lan down', 'link set dev lan up']],
    [
      'routes are gone',
      ['route delete 10.9.0.0/16 table 8300', 'route delete unreachable fd09::/32 table 8320'],
    ],
    ['a route leads elsewhere', ['route replace protocol 83 10.9.0.0/16 via 192.0.2.2 table 8300']],
    ['an object is nobody’s', ['nexthop add id 830009999 via 192.0.2.2 dev wan protocol 83']],
    ['a rule is gone', ['rule delete priority 8300']],
  ];
  for (const [name, lines] of bends) {
    test(`are made right in one round: ${name}`, async () => {
      await kernel.apply(plain);
      await ipBatch(lines);
      // The kernel takes addresses of IPv6 from a link that goes down.
      await ipBatch(['address replace fd01::1/64 dev lan nodad']);
      assert.notDeepEqual(await kernel.differences(plain), []);
      await kernel.apply(plain);
      assert.deepEqual(await kernel.differences(plain), []);
      for (const to of TARGETS) assert.equal(await network.ping('gateway', to), 3, to);
    });
  }

  test('that no interface reaches are told, and the others carry all', async () => {
    const hops = ['10.1.0.2', '203.0.113.7'].map((address) => ({ address, weight: 1 }));
    const desired = {
      ...plain,
      node: { ...node, ways: [{ prefixes: ['10.9.0.0/16'], hops }] },
    };
    const { errors } = await kernel.try(desired);
    assert.deepEqual(errors, ['no interface reaches 203.0.113.7 directly']);
    assert.equal(await network.ping('gateway', '10.9.0.1'), 3);
  });

  test('take ten thousand prefixes within seconds', async (context) => {
    const prefixes = Array.from(
      { length: 10_000 },
      (_, index) => `172.${16 + (index >> 12)}.${(index >> 4) & 255}.${(index & 15) << 4}/28`,
    );
    const large = { ...plain, node: { ...node, ways: [{ prefixes, hops: EVEN }] } };
    await kernel.apply(plain);
    const took = async (work: () => Promise<unknown>): Promise<number> => {
      const start = performance.now();
      await work();
      return Math.round(performance.now() - start);
    };
    const added = await took(() => kernel.apply(large));
    const looked = await took(() => kernel.differences(large));
    const moved = await took(async () => {
      const changes = await kernel.shift({
        ...large,
        node: withoutGateways(large.node, ['10.1.0.2']),
      });
      assert.equal(changes.length, 1, changes.join('\n'));
    });
    const removed = await took(() => kernel.apply(plain));
    context.diagnostic(
      `ms: added ${added}, looked ${looked}, one gateway out ${moved}, removed ${removed}`,
    );
    assert.deepEqual(await kernel.differences(plain), []);
    assert.ok(added < 30_000);
  });
});

/** Why there are none; false: there are. */
async function lacksTunnels(): Promise<string | false> {
  const route = ['198.51.100.0/24', 'encap', 'ip', 'id', '1', 'dst', '192.0.2.1', 'dev', 'lo'];
  const { code, stderr } = await systemCommands.run('ip', ['route', 'add', ...route]);
  if (code !== 0) return stderr.trim();
  await ip('route', 'delete', ...route);
  return false;
}

describe('VXLAN of our own', { skip: await lacksTunnels() }, () => {
  before(async () => {
    const far = ethernetAddress('10.1.0.2');
    const lines = [
      `link add gw0 address ${far} mtu 1450 type vxlan external dstport 8300 nolearning`,
      'link set dev gw0 up',
    ];
    await network.atHost(['sysctl', '-qw', 'net.ipv4.conf.all.rp_filter=0']);
    for (const line of lines) await network.atHost(['ip', ...line.split(' ')]);
    await network.atHost(['sysctl', '-qw', 'net.ipv4.conf.gw0.rp_filter=0']);
  });

  test('takes the place of plain next hops in one round, and back', async () => {
    await kernel.apply(plain);
    await kernel.apply(encapsulated);
    assert.deepEqual(await kernel.differences(encapsulated), []);
    await kernel.apply(plain);
    assert.deepEqual(await kernel.differences(plain), []);
    await kernel.apply(encapsulated);
    assert.deepEqual(await kernel.differences(encapsulated), []);
  });

  test('carries packets for remote networks, of both families', async () => {
    // What comes back in clear comes from another interface than the one it went out by.
    await kernel.apply({
      ...encapsulated,
      firewall: { ...firewall, relays: ['10.1.0.2', 'fd01::2'] },
    });
    const received = async (): Promise<number> => {
      const text = await network.atHost(['ip', '-s', '-json', 'link', 'show', 'dev', 'gw0']);
      const [row] = JSON.parse(text) as { stats64: { rx: { packets: number } } }[];
      return row?.stats64.rx.packets ?? 0;
    };
    const before = await received();
    for (const to of TARGETS) assert.equal(await network.ping('gateway', to), 3, to);
    assert.equal((await received()) - before, 6);
  });

  const bends: readonly (readonly [string, readonly string[]])[] = [
    ['the device is gone', [`link delete dev ${device.name}`]],
    [
      'the device is another one',
      [
        `link delete dev ${device.name}`,
        `link add name ${device.name} group 83 type vxlan id 5 dstport 8301`,
      ],
    ],
    ['a neighbour is gone', [`neighbor flush dev ${device.name} nud permanent`]],
    ['the device was down', [`link set dev ${device.name} down`]],
  ];
  for (const [name, lines] of bends) {
    test(`is made right in one round: ${name}`, async () => {
      await kernel.apply(encapsulated);
      await ipBatch(lines);
      assert.notDeepEqual(await kernel.differences(encapsulated), []);
      await kernel.apply(encapsulated);
      assert.deepEqual(await kernel.differences(encapsulated), []);
    });
  }
});

describe('cleanUp', () => {
  test('takes everything of ours and nothing else', async () => {
    await kernel.cleanUp();
    await ipBatch([
      'nexthop add id 7 via 192.0.2.2 dev wan protocol 99',
      'route add 10.77.0.0/16 nhid 7',
      'neighbor add 192.0.2.9 lladdr 02:53:00:00:00:09 dev wan nud permanent',
    ]);
    const state = async (): Promise<string> => {
      const texts = await Promise.all([
        ip('-o', 'address', 'show'),
        ip('nexthop', 'show'),
        ip('neighbor', 'show', 'nud', 'permanent'),
        ip('-4', 'route', 'show', 'table', 'all'),
        ip('-4', 'rule', 'show'),
        ip('-6', 'rule', 'show'),
      ]);
      return texts.join('\n');
    };
    const before = await state();
    for (const desired of (await lacksTunnels()) === false ? [plain, encapsulated] : [plain]) {
      await kernel.apply(desired);
      assert.notEqual(await state(), before);
      await kernel.cleanUp();
      assert.equal(await state(), before);
    }
    await ipBatch([
      'route delete 10.77.0.0/16',
      'nexthop delete id 7',
      'neighbor delete 192.0.2.9 dev wan',
    ]);
  });
});
