// The kernel driver on a real kernel: what is applied stays applied, what is bent by hand is seen and
// straightened, what is not ours stays, and no packet for a guarded network passes in clear.

// lab: userspace

import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { after, before, describe, test } from 'node:test';
import type { KernelDesired } from '../src/drivers/kernel/state.ts';
import { OWNER } from '../src/plan/host-plan.ts';
import { detectCapabilities, detectUnderlayMtu } from '../src/platform/linux/capabilities.ts';
import { outputOf, systemCommands } from '../src/platform/linux/command.ts';
import { DrivenKernel } from './driven-kernel.ts';
import type { EspKind } from './gateway-network.ts';
import { interfacePlan, kernelPlan, MSS_BYTES, TUNNEL_NAME } from './kernel-plan.ts';
import { ipBatch } from './namespace.ts';
import { kernel, network } from './shared-gateway.ts';

const signal = new AbortController().signal;
const { available, missing } = await detectCapabilities(systemCommands, signal);
const hasXfrm = available.includes('xfrm-interface');
const withoutEsp = available.includes('policy') ? false : (missing.get('policy') ?? 'no ESP');
const withoutXfrm = hasXfrm ? false : (missing.get('xfrm-interface') ?? 'no XFRM interfaces');
const ownKind = hasXfrm ? 'xfrm' : 'none';

const nft = (command: string): Promise<string> =>
  outputOf(systemCommands, 'nft', ['-f', '-'], { input: `${command}\n` });

/** Handle of the first rule of a chain. */
async function firstRule(chain: string): Promise<string> {
  const text = await outputOf(systemCommands, 'nft', [
    '-a',
    'list',
    'chain',
    'inet',
    'sallyport',
    chain,
  ]);
  return /drop comment .* # handle (\d+)/.exec(text)?.[1] ?? assert.fail(text);
}

describe(`kernel state, interfaces of kind ${ownKind}`, () => {
  const desired = kernelPlan(ownKind);

  test('is reached in one round, and a second one has nothing to do', async () => {
    assert.deepEqual(kernel.driver.check(desired), []);
    assert.notEqual((await kernel.apply(desired)).length, 0);
    assert.deepEqual(await kernel.differences(desired), []);
  });

  const bends: readonly (readonly [string, () => Promise<unknown>, RegExp])[] = [
    ['a rule is deleted', () => ipBatch(['rule delete priority 8320']), /^add rule IPv4 .*8320/],
    [
      'there is a rule too many',
      () => ipBatch(['rule add protocol 83 priority 8299 lookup 8300']),
      /^remove rule IPv4 priority 8299/,
    ],
    [
      'a route is deleted',
      () => ipBatch(['route delete 10.2.0.0/16 table 8300']),
      /^add route 10\.2\.0\.0\/16 dev/,
    ],
    [
      'a route leads elsewhere',
      () => ipBatch(['route replace protocol 83 10.2.0.0/16 via 192.0.2.2 table 8300']),
      /^replace route 10\.2.*was 10\.2.* via 192\.0\.2\.2/,
    ],
    [
      'a route of ours is nobody’s',
      () => ipBatch(['route add protocol 83 10.77.0.0/16 dev wan']),
      /^remove route 10\.77\.0\.0\/16 dev wan table 254/,
    ],
    [
      'a better route stands beside ours',
      () => ipBatch(['route add protocol 83 fd02::/16 dev wan table 8300 metric 5']),
      /^remove route fd02::\/16 .*metric 5/,
    ],
    [
      'an IPv6 route is of another type',
      () =>
        ipBatch([
          'route delete unreachable fd02::/16 table 8320',
          'route add protocol 83 blackhole fd02::/16 table 8320',
        ]),
      /^replace route unreachable fd02.*was blackhole/,
    ],
    [
      'a sysctl is changed',
      () => writeFile('/proc/sys/net/ipv4/ip_forward', '0'),
      /^replace sysctl net\/ipv4\/ip_forward = 1 \(was 0\)/,
    ],
    ['the table is deleted', () => nft('delete table inet sallyport'), /^add nftables/],
    ['the table is flushed', () => nft('flush table inet sallyport'), /^replace nftables/],
    ['the table sleeps', () => nft('table inet sallyport { flags dormant; }'), /^replace nftables/],
    [
      'a guard rule is deleted',
      async () => nft(`delete rule inet sallyport sent handle ${await firstRule('sent')}`),
      /^replace nftables/,
    ],
    [
      'a guard rule comes too late',
      async () => nft(`insert rule inet sallyport forwarded accept`),
      /^replace nftables/,
    ],
    [
      'a set loses an element',
      () => nft('delete element inet sallyport by_interface4 { 10.2.0.0/16 }'),
      /^replace nftables/,
    ],
    [
      'a chain drops everything',
      () =>
        nft(
          'add chain inet sallyport clamp-sent { type filter hook output priority -150; policy drop; }',
        ),
      /^replace nftables/,
    ],
  ];
  for (const [name, bend, expected] of bends) {
    test(`is straightened: ${name}`, async () => {
      await bend();
      const found = await kernel.differences(desired);
      assert.equal(found.length, 1, found.join('\n'));
      assert.match(found[0] ?? '', expected);
      await kernel.apply(desired);
      assert.deepEqual(await kernel.differences(desired), []);
    });
  }
});

describe('another gateway of ours on the LAN', () => {
  const plan = kernelPlan(ownKind);
  const learned = { table: OWNER.learnedTable, priority: OWNER.learnedTable } as const;
  /** A tunnel of our own does not lead there. */
  const desired: KernelDesired = {
    ...plan,
    routes: plan.routes.filter(({ table }) => table === OWNER.guardTable),
    rules: [...plan.rules, { family: 4, ...learned }, { family: 6, ...learned }],
  };
  const relaying: KernelDesired = {
    ...desired,
    firewall: { ...desired.firewall, relays: ['10.1.0.2', 'FD01:0::2'] },
  };
  /** Packets for guarded networks that left, and from them that went on. */
  const passed = async (): Promise<{ readonly left: number; readonly came: number }> => {
    const text = await outputOf(systemCommands, 'nft', ['list', 'table', 'inet', 'passed']);
    const count = (name: string): number =>
      [...text.matchAll(/packets (\d+) bytes \d+ comment "(\w+)"/g)]
        .filter(([, , found]) => found === name)
        .reduce((sum, [, packets]) => sum + Number(packets), 0);
    return { left: count('left'), came: count('came') };
  };
  const PASSED = `table inet passed {}
delete table inet passed
table inet passed {
  chain out {
    type filter hook postrouting priority 300
    ip daddr 10.2.0.0/16 counter comment "left"
    ip6 daddr fd02::/16 counter comment "left"
    ip saddr 10.2.0.0/16 counter comment "came"
    ip6 saddr fd02::/16 counter comment "came"
  }
}`;
  const viaHost = (four: string, six: string): Promise<void> =>
    ipBatch([
      `route replace 10.2.0.9/32 via ${four} table 8305 protocol 186`,
      `route replace fd02::9/128 via ${six} table 8305 protocol 186`,
    ]);

  before(async () => {
    await network.atHost(['ip', 'address', 'add', '10.2.0.9/32', 'dev', 'lo']);
    await network.atHost(['ip', 'address', 'add', 'fd02::9/128', 'dev', 'lo', 'nodad']);
    await network.atPeer(['ip', 'route', 'add', '10.2.0.9/32', 'via', '192.0.2.1']);
    await network.atPeer(['ip', 'route', 'add', 'fd02::9/128', 'via', '2001:db8::1']);
    await viaHost('10.1.0.2', 'fd01::2');
  });
  after(async () => {
    await network.atHost(['ip', 'address', 'delete', '10.2.0.9/32', 'dev', 'lo']);
    await network.atHost(['ip', 'address', 'delete', 'fd02::9/128', 'dev', 'lo']);
    await network.atPeer(['ip', 'route', 'delete', '10.2.0.9/32']);
    await network.atPeer(['ip', 'route', 'delete', 'fd02::9/128']);
    await ipBatch(['route flush table 8305', 'route flush table 8305']);
    await nft('delete table inet passed');
  });

  test('gets no packet while the plan does not name it', async () => {
    await kernel.apply(desired);
    await nft(PASSED);
    for (const to of ['10.2.0.9', 'fd02::9']) {
      assert.equal(await network.ping('gateway', to), 0, to);
      assert.equal(await network.ping('peer', to), 0, `${to} from behind us`);
    }
    assert.deepEqual(await passed(), { left: 0, came: 0 });
  });

  test('gets what is for the other side, and brings what comes from there', async () => {
    await kernel.apply(relaying);
    assert.deepEqual(await kernel.differences(relaying), []);
    for (const to of ['10.2.0.9', 'fd02::9']) {
      assert.equal(await network.ping('gateway', to), 3, to);
      assert.equal(await network.ping('peer', to), 3, `${to} from behind us`);
    }
  });

  test('opens no way for anybody else', async () => {
    await nft(PASSED);
    // Forged, from another interface.
    assert.equal(await network.ping('peer', '10.1.0.2', ['-S', '10.2.0.1']), 0);
    assert.equal(await network.ping('peer', 'fd01::2', ['-S', 'fd02::1']), 0);
    // By way of a neighbour that is no gateway of ours.
    await viaHost('10.1.0.7', 'fd01::7');
    await network.ping('gateway', '10.2.0.9');
    await network.ping('gateway', 'fd02::9');
    assert.deepEqual(await passed(), { left: 0, came: 0 });
  });
});

describe('interfaces', { skip: withoutXfrm }, () => {
  const desired = kernelPlan('xfrm');
  const bends: readonly (readonly [string, readonly string[], RegExp])[] = [
    [
      'of another MTU',
      [`link set dev ${TUNNEL_NAME} mtu 1000`],
      /^replace interface.*mtu was 1000/,
    ],
    [
      'without our mark on it yet',
      [`link set dev ${TUNNEL_NAME} alias ""`],
      /^replace interface.*alias was ""/,
    ],
    ['that is down', [`link set dev ${TUNNEL_NAME} down`], /^replace interface.*was down/],
    ['that is gone', [`link delete dev ${TUNNEL_NAME}`], /^add interface/],
    [
      'without one of its addresses',
      [`address delete fd09::1/126 dev ${TUNNEL_NAME}`],
      /^replace interface.*\(fd09::1\/126 was missing\)/,
    ],
    [
      'with somebody else’s address',
      [`address add 172.20.0.1/24 dev ${TUNNEL_NAME}`],
      /^replace interface.*\(had 172\.20\.0\.1\/24\)/,
    ],
    [
      'of another address, beside which the wanted one only stood second',
      [
        `address delete 169.254.10.2/30 dev ${TUNNEL_NAME}`,
        `address add 169.254.10.1/30 dev ${TUNNEL_NAME}`,
      ],
      /^replace interface.*\(169\.254\.10\.2\/30 was missing, had 169\.254\.10\.1\/30\)/,
    ],
    [
      'whose address leads to another peer',
      [
        `address delete 10.9.0.4 peer 10.9.0.5/32 dev ${TUNNEL_NAME}`,
        `address add 10.9.0.4 peer 10.9.0.6/32 dev ${TUNNEL_NAME}`,
      ],
      /^replace interface.*had 10\.9\.0\.4 peer 10\.9\.0\.6\/32/,
    ],
    [
      'of another id',
      [
        `link delete dev ${TUNNEL_NAME}`,
        `link add ${TUNNEL_NAME} alias x group 83 type xfrm dev lo if_id 9`,
      ],
      /^remove interface.*of another shape/,
    ],
  ];
  for (const [name, lines, expected] of bends) {
    test(`one ${name} is made right, with its routes and sysctls, in one round`, async () => {
      await kernel.apply(desired);
      await ipBatch(lines);
      assert.match((await kernel.differences(desired))[0] ?? '', expected);
      await kernel.apply(desired);
      assert.deepEqual(await kernel.differences(desired), []);
    });
  }

  test('one of a foreign owner is never touched, and nothing is sent into it', async () => {
    await kernel.cleanUp();
    await ipBatch([`link add ${TUNNEL_NAME} type dummy`, `link set dev ${TUNNEL_NAME} up`]);
    const { errors } = await kernel.try(desired);
    assert.deepEqual(errors, [`an interface ${TUNNEL_NAME} that is not Sallyport's is in the way`]);
    assert.equal(await network.ping('host', '10.2.0.1'), 0);
    const link = await outputOf(systemCommands, 'ip', ['-s', 'link', 'show', 'dev', TUNNEL_NAME]);
    assert.doesNotMatch(link, /alias|group 83/);
    const routes = await outputOf(systemCommands, 'ip', ['route', 'show', 'table', '8300']);
    assert.equal(routes, '');
    await kernel.cleanUp();
    await ipBatch([`link delete dev ${TUNNEL_NAME}`]);
  });

  test('one that was only half made is removed where no plan wants it', async () => {
    await ipBatch(['link add spffff0000 group 83 type xfrm dev lo if_id 77']);
    await kernel.apply(kernelPlan('policy'));
    assert.deepEqual(await kernel.differences(kernelPlan('policy')), []);
    const links = await outputOf(systemCommands, 'ip', ['link', 'show']);
    assert.doesNotMatch(links, /spffff0000/);
  });

  test('a VTI takes the place of an XFRM interface, over IPv4 and over IPv6', async () => {
    const outer6 = {
      ...interfacePlan('vti', 7),
      ...({
        kind: 'vti',
        family: 6,
        localAddress: '2001:DB8::1',
        remoteAddress: '2001:db8:0::2',
      } as const),
    };
    for (const interfaces of [
      [interfacePlan('xfrm')],
      [interfacePlan('vti')],
      [outer6],
      [interfacePlan('xfrm')],
    ]) {
      await kernel.apply({ ...desired, interfaces });
      assert.deepEqual(await kernel.differences({ ...desired, interfaces }), []);
    }
  });

  test('a thousand with their routes take few processes and come back whole', async () => {
    const many = Array.from({ length: 1000 }, (_, index) => ({
      ...interfacePlan('xfrm', 1000 + index),
      name: `sp${index.toString(16).padStart(8, '0')}`,
      addresses: [{ local: `169.254.${index >> 6}.${4 * (index & 63) + 2}/30` }],
    }));
    const large: KernelDesired = {
      ...desired,
      interfaces: many,
      routes: many.map(({ name }, index) => ({
        prefix: `10.${100 + (index >> 8)}.${index & 255}.0/24`,
        table: 8300,
        type: 'unicast',
        interface: name,
      })),
      sysctls: [],
    };
    let processes = 0;
    const counted = await DrivenKernel.create({
      run: (file, args, options) => {
        processes += 1;
        return systemCommands.run(file, args, options);
      },
    });
    await counted.apply(large);
    assert.deepEqual(await counted.differences(large), []);
    assert.ok(processes < 40, `${processes} processes`);
    await kernel.apply(desired);
  });
});

describe('the guard', { skip: withoutEsp }, () => {
  const kinds: readonly EspKind[] = ['xfrm', 'vti', 'policy'];
  for (const kind of kinds) {
    const isMissing =
      kind !== 'policy' && !available.includes(kind === 'vti' ? 'vti' : 'xfrm-interface');
    const skip = isMissing ? `no ${kind}` : false;

    test(`lets nothing pass in clear, data plane ${kind}`, { skip }, async () => {
      const desired = kernelPlan(kind);
      await kernel.cleanUp();
      await network.removeEsp();
      await writeFile('/proc/sys/net/ipv4/ip_forward', '1');
      await writeFile('/proc/sys/net/ipv6/conf/all/forwarding', '1');
      await network.watch(MSS_BYTES, true);
      // Without it the network carries everything in clear: what follows could fail.
      assert.equal(await network.ping('host', '10.2.0.1'), 3);
      assert.equal(await network.ping('host', 'fd02::1'), 3);
      assert.equal((await network.seen()).clear, 6);

      await kernel.apply(desired);
      await network.watch(MSS_BYTES, true);
      for (const to of ['10.2.0.1', 'fd02::1']) {
        assert.equal(await network.ping('host', to), 0, `${to} without SAs`);
        assert.equal(await network.ping('gateway', to), 0, `${to} from the gateway, without SAs`);
      }
      // In clear from the other side: the host must not see them, so there is no answer to send.
      assert.equal(await network.ping('peer', '10.1.0.2', ['-S', '10.2.0.1']), 0);
      assert.equal(await network.ping('peer', 'fd01::2', ['-S', 'fd02::1']), 0);
      assert.deepEqual(await network.seen(), { esp: 0, clear: 0, clamped: 0, unclamped: 0 });

      await network.installEsp(kind);
      for (const to of ['10.2.0.1', 'fd02::1']) assert.equal(await network.ping('host', to), 3, to);
      assert.equal(await network.ping('gateway', '10.2.0.1', ['-S', '10.1.0.1']), 3);
      assert.equal(await network.ping('gateway', 'fd02::1', ['-S', 'fd01::1']), 3);
      assert.deepEqual(await network.seen(), { esp: 12, clear: 0, clamped: 0, unclamped: 0 });

      await network.connect('host', '10.2.0.1');
      await network.connect('host', 'fd02::1');
      const { clamped, unclamped } = await network.seen();
      assert.deepEqual([clamped, unclamped], [2, 0]);

      // Our end forgets its routes too; what the main table would do is send in clear.
      await network.removeEsp();
      await network.removeEspAtPeer();
      await ipBatch([
        'route flush table 8300',
        'route flush table 8320',
        'route flush table 8300',
        'route flush table 8320',
      ]);
      await network.watch(MSS_BYTES, true);
      for (const to of ['10.2.0.1', 'fd02::1']) assert.equal(await network.ping('host', to), 0, to);
      assert.equal(await network.ping('gateway', '10.2.0.1'), 0);
      assert.equal((await network.seen()).clear, 0);
    });
  }

  test('lets IKE and ESP of a peer inside its own network pass, and nothing else of it', async () => {
    const desired = kernelPlan('policy');
    const inside: KernelDesired = {
      ...desired,
      firewall: {
        ...desired.firewall,
        guarded: [{ prefix: '192.0.2.0/24', by: 'policy' }],
        peers: ['192.0.2.2'],
      },
    };
    await kernel.cleanUp();
    await network.removeEsp();
    await kernel.apply(inside);
    assert.equal(await network.ping('gateway', '192.0.2.2'), 0);
    const tables = `table inet ike { chain in { type filter hook prerouting priority 0; udp dport 4500 counter comment ike; udp dport 4501 counter comment other; }; }`;
    await network.atPeer(['nft', tables]);
    const send = `exec 3<>/dev/udp/192.0.2.2/4500; echo x >&3`;
    await systemCommands.run('bash', ['-c', send]);
    const socket = createSocket('udp4');
    socket.bind(4500);
    await once(socket, 'listening');
    for (const port of [4500, 4501, 4501]) {
      await new Promise((resolve) => {
        socket.send('ike', port, '192.0.2.2', resolve);
      });
    }
    socket.close();
    const text = await network.atPeer(['nft', 'list', 'table', 'inet', 'ike']);
    // From our IKE port to any port of the peer, which a NAT may have moved; from others to none.
    assert.match(text, /packets 1 bytes \d+ comment "ike"/);
    assert.match(text, /packets 2 bytes \d+ comment "other"/);
    await network.installEsp('policy');
    await network.watch(MSS_BYTES, true);
    assert.equal(await network.ping('host', '10.2.0.1'), 3);
    assert.deepEqual(await network.seen(), { esp: 3, clear: 0, clamped: 0, unclamped: 0 });
    await network.removeEsp();
    await network.removeEspAtPeer();
  });
});

describe('cleanUp', () => {
  test('takes everything of ours and nothing else', async () => {
    await kernel.cleanUp();
    await writeFile('/proc/sys/net/ipv4/ip_forward', '0');
    await ipBatch([
      'link add spforeign0 type veth peer name spforeign1',
      'link set dev spforeign0 up',
      'route add 10.99.0.0/16 dev spforeign0 table 8300',
      'rule add priority 8300 lookup 99',
      'route add 10.98.0.0/16 dev lan protocol 84',
      // As our zebra adds what it has learned (RTPROT_BGP of <linux/rtnetlink.h>).
      'route add 10.97.0.0/16 dev lan protocol 186 table 8305',
      'address add 172.20.0.1/24 dev spforeign0',
    ]);
    await nft('table inet other { chain sent { type filter hook output priority 0; }; }');
    const state = async (): Promise<string> => {
      const texts = await Promise.all([
        outputOf(systemCommands, 'ip', ['-o', 'link', 'show']),
        outputOf(systemCommands, 'ip', ['-o', 'address', 'show']),
        outputOf(systemCommands, 'ip', ['-4', 'rule', 'show']),
        outputOf(systemCommands, 'ip', ['-6', 'rule', 'show']),
        outputOf(systemCommands, 'ip', ['-4', 'route', 'show', 'table', 'all']),
        outputOf(systemCommands, 'nft', ['list', 'ruleset']),
        readFile('/proc/sys/net/ipv4/ip_forward', 'utf8'),
      ]);
      return texts.join('\n');
    };
    const before = await state();
    await kernel.apply(kernelPlan(ownKind));
    assert.notEqual(await state(), before);
    await kernel.cleanUp();
    assert.equal(await state(), before);
    await kernel.cleanUp();
    assert.equal(await state(), before);
    await nft('delete table inet other');
    await ipBatch([
      'link delete dev spforeign0',
      'rule delete priority 8300',
      'route delete 10.98.0.0/16',
      'route delete 10.97.0.0/16 table 8305',
    ]);
  });
});

describe('detection', () => {
  test('names a reason for each data plane that is missing', () => {
    const all = [...available, ...missing.keys()].sort();
    assert.deepEqual(all, ['policy', 'userspace', 'vti', 'xfrm-interface']);
    for (const reason of missing.values()) assert.notEqual(reason, '');
  });

  test('takes the MTU of the link that holds the outer address', async () => {
    await ipBatch(['link set dev wan mtu 1476']);
    assert.equal(await detectUnderlayMtu(systemCommands, ['192.0.2.1', '10.1.0.1'], signal), 1476);
    assert.equal(await detectUnderlayMtu(systemCommands, ['2001:DB8:0::1'], signal), 1476);
    assert.equal(await detectUnderlayMtu(systemCommands, ['198.51.100.1'], signal), undefined);
    await ipBatch(['link set dev wan mtu 1500']);
  });
});
