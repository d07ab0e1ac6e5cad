// The FRR driver with real daemons, against a neighbour that somebody has set up by hand and that tells
// everything it can: what is planned is reached without a session that ends for it, only what the policy
// lets in reaches the kernel, and what dies comes back.

// lab: any kernel

import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { access, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { formatChange } from '../src/drivers/driver.ts';
import { Frr } from '../src/drivers/frr/frr.ts';
import { gatewayPlan, nodePlan, peer as planned } from '../src/drivers/frr/testing/plans.ts';
import type { BgpNeighborPlan, BgpPlan } from '../src/plan/bgp-plan.ts';
import { outputOf, systemCommands } from '../src/platform/linux/command.ts';
import { processesNamed } from '../src/platform/linux/processes.ts';
import { canSignTcp } from '../src/platform/linux/tcp-md5.ts';
import { SecretValue } from '../src/platform/secret-value.ts';
import type { BgpSessionReport } from '../src/status/bgp-report.ts';
import { FrrStranger } from './frr-stranger.ts';

const { signal } = new AbortController();
const PASSWORD = 'word-of-the-lab';
const FINGERPRINT = 'f00d';

let peer: BgpNeighborPlan = {
  ...planned,
  description: 'default/stranger/a',
  tunnel: 'sp.default.stranger.a',
  timers: { keepaliveSeconds: 3, holdSeconds: 9, connectRetrySeconds: 1 },
  password: { namespace: 'default', name: 'bgp', fingerprint: FINGERPRINT },
  accept: [
    { prefix: '10.50.0.0/16', longest: 24 },
    { prefix: '10.0.0.0/8', longest: 32 },
    { prefix: '2001:db8:50::/48', longest: 64 },
  ],
};

let plan: BgpPlan = {
  asn: 65_001,
  routerId: '192.0.2.1',
  originate: ['10.20.0.0/16', '10.21.0.0/16', '2001:db8:20::/48'],
  refuse: [
    { prefix: '0.0.0.0/0', longest: 0 },
    { prefix: '10.20.0.0/15', longest: 32 },
    { prefix: '127.0.0.0/8', longest: 32 },
    { prefix: '169.254.0.0/16', longest: 32 },
    { prefix: '224.0.0.0/3', longest: 32 },
    { prefix: '::/0', longest: 0 },
  ],
  neighbors: [peer],
  sources: ['10.20.0.11', '2001:db8:20::11'],
};

/** What the stranger tells first; all but the first three are for nobody. */
const STRANGER = `
  router bgp 65002
  bgp router-id 192.0.2.2
  no bgp ebgp-requires-policy
  no bgp network import-check
  no bgp default ipv4-unicast
  neighbor 169.254.10.2 remote-as 65001
  neighbor 169.254.10.2 timers connect 1
  neighbor 169.254.10.2 timers 3 9
  neighbor 169.254.10.2 bfd
  neighbor 2001:db8:a::2 remote-as 65001
  neighbor 2001:db8:a::2 timers connect 1
  neighbor 2001:db8:a::2 capability extended-nexthop
  address-family ipv4 unicast
  neighbor 169.254.10.2 activate
  neighbor 2001:db8:a::2 activate
  network 10.50.0.0/24
  network 10.51.0.0/16
  network 0.0.0.0/0
  network 10.20.5.0/24
  network 127.1.0.0/16
  network 169.254.9.0/24
  network 172.16.0.0/12
  exit-address-family
  address-family ipv6 unicast
  neighbor 169.254.10.2 activate
  neighbor 2001:db8:a::2 activate
  network 2001:db8:50::/64
  network 2001:db8:99::/64
  exit-address-family`;

/** The stranger as a host of our own network. */
const STRANGER_AS_NODE = `
  router bgp 65001
  bgp router-id 192.0.2.2
  no bgp network import-check
  neighbor 169.254.10.2 remote-as 65001
  neighbor 169.254.10.2 timers connect 1
  neighbor 169.254.10.2 bfd
  address-family ipv4 unicast
  network 10.21.7.0/24
  network 10.21.8.0/24
  network 10.99.0.0/16
  network 0.0.0.0/0
  exit-address-family`;
const ACCEPTED = ['10.50.0.0/24', '10.51.0.0/16', '2001:db8:50::/64'];

const directory = await mkdtemp(join(tmpdir(), 'sallyport-frr-'));
let ended = 0;
const frr = new Frr({
  runDirectory: directory,
  commands: systemCommands,
  secrets: {
    read: () => Promise.resolve({ form: 'psk', psk: new SecretValue(Buffer.from(PASSWORD)) }),
  },
  onEnd: () => {
    ended += 1;
  },
});

async function differences(bgp: BgpPlan): Promise<string[]> {
  return frr.driver.diff(await frr.driver.observe(signal), { bgp }).map(formatChange);
}

async function apply(bgp: BgpPlan): Promise<string[]> {
  const changes = frr.driver.diff(await frr.driver.observe(signal), { bgp });
  assert.ok(!JSON.stringify(changes).includes(PASSWORD));
  const { failed } = await frr.driver.apply(changes, signal);
  assert.deepEqual(failed, []);
  assert.deepEqual(await differences(bgp), []);
  return changes.map((change) => `${formatChange(change)}: ${change.impact}`);
}

async function session(address: string): Promise<BgpSessionReport> {
  const report = await frr.report(signal);
  return report?.sessions.find((one) => one.address === address) ?? assert.fail(address);
}

interface Route {
  readonly dst: string;
  /** What the host itself sends from. */
  readonly prefsrc?: string;
}

/** Prefixes in the table of what was learned. */
async function installed(): Promise<string[]> {
  return (await routes()).map(({ dst }) => dst).sort();
}

async function sources(): Promise<string> {
  return (await routes()).map(({ prefsrc }) => prefsrc ?? 'any').join();
}

async function routes(): Promise<Route[]> {
  const lists = await Promise.all(
    ['-4', '-6'].map((family) =>
      systemCommands.run('ip', ['-json', family, 'route', 'show', 'table', '8305']),
    ),
  );
  return lists.flatMap(({ stdout }) => JSON.parse(stdout || '[]') as Route[]);
}

/** Routes of the main table that are not the cable's own. */
async function leaked(): Promise<string> {
  return outputOf(systemCommands, 'ip', ['route', 'show', 'proto', 'bgp']);
}

/** Goes on where the condition throws; the last error is told in the end. */
async function until(
  description: string,
  isSo: () => Promise<boolean>,
  seconds = 30,
): Promise<void> {
  const deadline = performance.now() + seconds * 1_000;
  for (;;) {
    let cause: unknown;
    try {
      if (await isSo()) return;
      cause = await frr.report(signal);
    } catch (error) {
      cause = error;
    }
    if (performance.now() > deadline)
      throw new Error(`not within ${seconds} s: ${description}`, { cause });
    await delay(50);
  }
}

const isUp = async (address: string): Promise<boolean> =>
  (await session(address)).state === 'established';

async function pidOf(daemon: string): Promise<number> {
  const { pid } = JSON.parse(await readFile(join(directory, `${daemon}.pid`), 'utf8')) as {
    pid: number;
  };
  return pid;
}

const forwarding = (): Promise<string> => readFile('/proc/sys/net/ipv4/ip_forward', 'utf8');

function withoutPassword({ password: _, ...neighbor }: BgpNeighborPlan): BgpNeighborPlan {
  return neighbor;
}

function withoutPasswords(bgp: BgpPlan): BgpPlan {
  return { ...bgp, neighbors: bgp.neighbors.map(withoutPassword) };
}

/** Not every kernel can sign (CONFIG_TCP_MD5SIG). */
let hasMd5 = false;
let stranger: FrrStranger;
let instance = '';
before(async () => {
  await outputOf(systemCommands, 'sysctl', ['-qw', 'net.ipv4.ip_forward=1']);
  assert.equal(await frr.ensure(signal), 'started');
  [instance = ''] = await readdir('/run/frr');
  stranger = await FrrStranger.create();
  await stranger.type('bgpd', STRANGER);
  const line = `router bgp 65002\nneighbor 169.254.10.2 password ${PASSWORD}`;
  hasMd5 = await stranger.type('bgpd', line).then(
    () => true,
    (error: unknown) => {
      assert.match(String(error), /TCP-Sig/);
      return false;
    },
  );
  if (!hasMd5) [peer, plan] = [withoutPassword(peer), withoutPasswords(plan)];
});
after(async () => {
  await frr.driver.cleanUp(signal);
  await stranger[Symbol.asyncDispose]();
  await rm(directory, { recursive: true });
});

describe('FRR of our own', () => {
  test('can use a password where the kernel says so', async () => {
    assert.equal(await canSignTcp(), hasMd5);
  });

  for (const [name, bgp] of Object.entries({ gatewayPlan, nodePlan }))
    test(`prints what was typed for ${name} as it was typed`, async () => {
      assert.notEqual((await apply(hasMd5 ? bgp : withoutPasswords(bgp))).length, 0);
    });

  test('is configured in one round, and adopted by the next one', async () => {
    assert.notEqual((await apply(plan)).length, 0);
    assert.equal(await frr.ensure(signal), 'running');
    assert.equal(await forwarding(), '1\n');
  });

  test('has the session up, with exactly what is accepted in our table alone', async () => {
    await until('the routes', async () => (await installed()).length >= ACCEPTED.length);
    assert.deepEqual(await installed(), ACCEPTED);
    assert.equal(await leaked(), '');
    const found = await session(peer.address);
    assert.equal(found.timesEstablished, 1);
    assert.equal(found.timesLost, 0);
    assert.equal(found.description, peer.description);
    assert.equal(found.holdSeconds, 9);
    // What we have told comes back, too.
    await until('all that it tells', async () => {
      const { families } = await session(peer.address);
      return families.map(({ received }) => received).join() === '8,3';
    });
    assert.deepEqual((await session(peer.address)).families, [
      {
        ...{ family: 4, received: 8, accepted: 2, advertised: 1, limit: 100 },
        advertisedPrefixes: ['10.20.0.0/16'],
      },
      {
        ...{ family: 6, received: 3, accepted: 1, advertised: 1, limit: 100 },
        advertisedPrefixes: ['2001:db8:20::/48'],
      },
    ]);
    await until('BFD', async () => (await session(peer.address)).bfd?.state === 'up');
    const report = await frr.report(signal);
    assert.deepEqual(report?.learned, {
      total: 3,
      installed: 3,
      prefixes: [
        { prefix: '10.50.0.0/24', nextHops: ['169.254.10.1'], installed: true },
        { prefix: '10.51.0.0/16', nextHops: ['169.254.10.1'], installed: true },
        { prefix: '2001:db8:50::/64', nextHops: ['2001:db8:a::1'], installed: true },
      ],
    });
  });

  test('tells the stranger what is planned, and nothing else', async () => {
    const command = 'show bgp ipv4 unicast neighbors 169.254.10.2 routes json';
    const told = JSON.parse(await stranger.show('bgpd', command)) as { routes: object };
    assert.deepEqual(Object.keys(told.routes), ['10.20.0.0/16']);
  });

  test('has routes with a source that the stranger is told of, as long as the host has it', async () => {
    const [usual, other] = ['10.20.0.11,10.20.0.11,2001:db8:20::11', '10.20.0.12'] as const;
    await until('the source', async () => (await sources()) === usual);
    await apply({ ...plan, sources: [other] });
    await until('no source that is not there', async () => (await sources()) === 'any,any,any');
    await outputOf(systemCommands, 'ip', ['address', 'add', `${other}/32`, 'dev', 'lo']);
    const moved = { ...plan, sources: [other] };
    await until('zebra has heard of it', async () => (await differences(moved)).length > 0);
    await apply(moved);
    await until('the other source', async () => (await sources()) === `${other},${other},any`);
    await apply(plan);
    await until('the first source', async () => (await sources()) === usual);
    await outputOf(systemCommands, 'ip', ['address', 'delete', `${other}/32`, 'dev', 'lo']);
    assert.equal((await session(peer.address)).timesLost, 0);
  });

  test('takes another policy, other timers and another drain without an end of the session', async () => {
    const narrow: BgpPlan = {
      ...plan,
      gracefulShutdown: true,
      neighbors: [
        {
          ...peer,
          accept: [{ prefix: '10.51.0.0/16', longest: 16 }],
          advertise: ['10.20.0.0/16', '10.21.0.0/16'],
          transit: true,
          localPreference: 300,
          maximumPrefixes: 50,
          bfd: { intervalMilliseconds: 500, multiplier: 3 },
          timers: { keepaliveSeconds: 10, holdSeconds: 30, connectRetrySeconds: 5 },
        },
      ],
    };
    assert.deepEqual(
      (await apply(narrow)).filter((line) => line.endsWith('cut')),
      [],
    );
    await until('the other prefixes', async () => (await installed()).join() === '10.51.0.0/16');
    const command = 'show bgp ipv4 unicast 10.21.0.0/16 json';
    await until('what it is told more', async () => {
      const [{ advertisedPrefixes = [] } = {}] = (await session(peer.address)).families;
      return ['10.20.0.0/16', '10.21.0.0/16'].every((prefix) =>
        advertisedPrefixes.includes(prefix),
      );
    });
    await until('the mark of the drain', async () =>
      (await stranger.show('bgpd', command)).includes('gracefulShutdown'),
    );
    await until('another BFD', async () => {
      const { bfd } = await session(peer.address);
      return bfd?.state === 'up' && bfd.detectMilliseconds === 1_500;
    });
    await apply(plan);
    await until('the first prefixes', async () => (await installed()).length === 3);
    const { timesEstablished, timesLost } = await session(peer.address);
    assert.deepEqual({ timesEstablished, timesLost }, { timesEstablished: 1, timesLost: 0 });
  });

  test('takes a new neighbour whose session begins once, and lets it go again', async () => {
    const { bfd: _, ...bare } = withoutPassword(peer);
    const second: BgpNeighborPlan = {
      ...bare,
      address: '2001:db8:a::1',
      localAddress: '2001:db8:a::2',
      description: 'default/stranger/b',
    };
    await apply({ ...plan, neighbors: [peer, second] });
    await until('the second session', () => isUp(second.address));
    const text = await stranger.show('bgpd', 'show bgp neighbors 2001:db8:a::2 json');
    const seen = (JSON.parse(text) as Record<string, Record<string, unknown>>)['2001:db8:a::2'];
    assert.equal(seen?.['connectionsDropped'], 0);
    assert.equal((await session(second.address)).timesLost, 0);
    await until('both next hops', async () => {
      const { stdout } = await systemCommands.run('ip', ['route', 'show', 'table', '8305']);
      return stdout.split('nexthop').length === 5;
    });
    const lines = await apply(plan);
    assert.ok(lines.includes('remove BGP neighbor 2001:db8:a::1: cut'), lines.join('\n'));
    assert.equal((await session(peer.address)).timesLost, 0);
  });

  const REACHES = [
    {
      what: 'at the other end of a /31, by TTL security',
      reach: 'connected',
      bfd: peer.bfd,
      address: '169.254.11.1',
      localAddress: '169.254.11.0',
      typed: ['ttl-security hops 1', 'bfd'],
    },
    {
      what: 'without a subnet, as in Azure',
      reach: 'unconnected',
      bfd: undefined,
      address: '10.60.255.30',
      localAddress: '10.60.255.31',
      typed: ['disable-connected-check', 'update-source 10.60.255.30'],
    },
  ] as const;
  for (const { what, reach, bfd, address, localAddress, typed } of REACHES)
    test(`has a session with a neighbour ${what}`, async () => {
      const lines = ['remote-as 65001', 'timers connect 1', ...typed];
      const theirs = lines.map((line) => `neighbor ${localAddress} ${line}`).join('\n');
      await stranger.type(
        'bgpd',
        `router bgp 65002\n${theirs}\naddress-family ipv4 unicast\nneighbor ${localAddress} activate`,
      );
      const { bfd: _, ...bare } = withoutPassword(peer);
      const second: BgpNeighborPlan = {
        ...{ ...bare, reach, address, localAddress, families: [4] },
        ...(bfd === undefined ? {} : { bfd }),
        description: 'default/stranger/c',
      };
      const neighbors = [peer, second].sort((a, b) => (a.address < b.address ? -1 : 1));
      await apply({ ...plan, neighbors });
      await until('its session', () => isUp(address));
      await until('its BFD', async () => (await session(address)).bfd?.state === (bfd && 'up'));
      await apply(plan);
      await stranger.type('bgpd', `router bgp 65002\nno neighbor ${localAddress}`);
    });

  test('says that another password ends the session, and never which one it is', async (t) => {
    if (!hasMd5) {
      t.skip('this kernel cannot sign TCP');
      return;
    }
    const password = { namespace: 'default', name: 'bgp', fingerprint: 'beef' };
    const lines = await apply({ ...plan, neighbors: [{ ...peer, password }] });
    assert.deepEqual(lines, ['replace BGP neighbor 169.254.10.1 (password): cut']);
    await apply(plan);
    assert.ok(!JSON.stringify(await frr.report(signal)).includes(PASSWORD));
  });

  test('notices a cut by BFD long before the hold time is over', async () => {
    await until('BFD', async () => (await session(peer.address)).bfd?.state === 'up');
    // It begins slowly, and is fast once both sides have told their intervals.
    await until('its interval', async () => {
      return (await session(peer.address)).bfd?.detectMilliseconds === 900;
    });
    await stranger.cut();
    await until('no route', async () => (await installed()).length === 0, 8);
    const { lastReset, bfd } = await session(peer.address);
    await stranger.mend();
    assert.equal(bfd?.state, 'down');
    assert.equal(lastReset?.notification, 'Cease/BFD Down');
    await until('the routes', async () => (await installed()).length === 3);
  });

  test('comes back after bgpd and bfdd were killed', async () => {
    for (const daemon of ['bgpd', 'bfdd']) process.kill(await pidOf(daemon), 'SIGKILL');
    await until(
      'both are gone',
      async () => (await frr.driver.observe(signal).catch(() => 0)) === 0,
    );
    assert.equal(await frr.ensure(signal), 'started');
    await apply(plan);
    await until('the routes', async () => (await installed()).length === 3);
    await until('BFD', async () => (await session(peer.address)).bfd?.state === 'up');
  });

  test('keeps its routes while zebra is killed and started again', async () => {
    const before = ended;
    process.kill(await pidOf('zebra'), 'SIGKILL');
    await until('the agent is told', () => Promise.resolve(ended > before));
    assert.equal(await frr.ensure(signal), 'started');
    // The agent may come later than bgpd.
    await until('what it is told without its source', async () =>
      /^any(,any)*$/.test(await sources()),
    );
    await apply(plan);
    const end = performance.now() + 2_000;
    while (performance.now() < end) {
      assert.deepEqual(await installed(), ACCEPTED);
      await delay(100);
    }
    assert.doesNotMatch(await sources(), /any/);
    assert.deepEqual(await differences(plan), []);
  });

  test('ends the session of a neighbour that tells too much', async () => {
    const networks = Array.from(
      { length: 1_000 },
      (_, index) =>
        `network 10.${String(60 + Math.floor(index / 250))}.${String(index % 250)}.0/24`,
    );
    await stranger.type(
      'bgpd',
      ['router bgp 65002', 'address-family ipv4 unicast', ...networks].join('\n'),
    );
    await until('the end of the session', async () => !(await isUp(peer.address)));
    const { lastReset } = await session(peer.address);
    assert.match(lastReset?.notification ?? '', /Maximum Number of Prefixes/);
    assert.deepEqual(await differences(plan), []);
  });

  test('leaves nothing, also after all of it was killed', async () => {
    for (const daemon of ['zebra', 'bfdd', 'bgpd']) process.kill(await pidOf(daemon), 'SIGKILL');
    await outputOf(systemCommands, 'ip', [
      ...['route', 'add', '10.77.0.0/16', 'dev', 'tun', 'table', '8305', 'proto', 'bgp'],
    ]);
    await frr.driver.cleanUp(signal);
    assert.deepEqual(await installed(), []);
    assert.deepEqual(await processesNamed('bgpd'), []);
    assert.deepEqual(await readdir(directory), []);
    await assert.rejects(access(join('/run/frr', instance)));
    const nexthops = await outputOf(systemCommands, 'ip', ['-Numeric', 'nexthop', 'show']);
    assert.doesNotMatch(nexthops, /proto 11/);
    assert.equal(await forwarding(), '1\n');
    assert.equal(await frr.isRunning(signal), false);
  });
});

describe('FRR of our own as a reflector', () => {
  const reflector: BgpPlan = {
    ...plan,
    neighbors: [],
    nodes: {
      ranges: ['169.254.10.0/30'],
      timers: { keepaliveSeconds: 3, holdSeconds: 9, connectRetrySeconds: 1 },
      bfd: { intervalMilliseconds: 300, multiplier: 3 },
      accept: [{ prefix: '10.21.0.0/16', longest: 24 }],
      refuse: [{ prefix: '10.21.8.0/24', longest: 24 }],
      maximumPrefixes: 1_000,
      limit: 2_000,
    },
  };
  after(() => frr.driver.cleanUp(signal));

  test('takes hosts that call, and of them only what is theirs', async () => {
    assert.equal(await frr.ensure(signal), 'started');
    await stranger.type('bgpd', `no router bgp 65002${STRANGER_AS_NODE}`);
    await apply(reflector);
    await until('its prefix', async () => (await installed()).join() === '10.21.7.0/24');
    const node = await session('169.254.10.1');
    assert.equal(node.description, undefined);
    assert.equal(node.timesLost, 0);
    await until('BFD', async () => (await session('169.254.10.1')).bfd?.state === 'up');
    assert.deepEqual(await differences(reflector), []);
  });

  test('ends their sessions where they may not call any more', async () => {
    const { nodes: _, ...alone } = reflector;
    assert.ok((await apply(alone)).includes('remove BGP neighbors that call: cut'));
    await until('no session', async () => (await frr.report(signal))?.sessions.length === 0);
    await until('no route', async () => (await installed()).length === 0);
  });
});

describe('FRR of somebody else in our network namespace', () => {
  let theirs: ChildProcess;
  before(async () => {
    const args = ['-N', 'theirs', '-f', '/dev/null', '-P', '0'];
    theirs = spawn('/usr/lib/frr/zebra', args, { stdio: 'ignore' });
    await until('their zebra', async () => (await processesNamed('zebra')).length === 1);
  });
  after(async () => {
    theirs.kill('SIGKILL');
    await once(theirs, 'exit');
  });

  test('keeps ours from being started', async () => {
    await assert.rejects(frr.ensure(signal), { code: 'routing/foreign-frr' });
    assert.equal(await frr.isRunning(signal), false);
    await assert.rejects(access(join('/run/frr', instance)));
  });
});
