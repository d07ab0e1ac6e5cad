// Two IKE daemons on one gateway, the second in a network namespace with an address of its own: packets in
// clear are the host's matter, ESP leaves from both, and neither daemon knows of the other's fate.

import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { kindOf } from '../capture.ts';
import { connection, KEY, siteOf } from '../declarations/left-site.ts';
import { mustExecute } from '../execute.ts';
import { stateOf } from '../footprint.ts';
import type { Host } from '../host.ts';
import { assertNoneLost } from '../none-lost.ts';
import { projectDirectory } from '../paths.ts';
import { startPingStream } from '../ping-stream.ts';
import { processesOf } from '../processes.ts';
import { Sallyport } from '../sallyport.ts';
import { Stranger } from '../stranger.ts';
import {
  createTwoShards,
  INNER_PREFIXES,
  OWN_ADDRESS,
  SHARD_ADDRESS,
  type TwoShardsHost,
} from '../topologies/two-shards.ts';
import type { Lab } from '../topology.ts';
import { until } from '../until.ts';
import { tells, why } from '../why.ts';

interface SiteAddresses {
  readonly own: string;
  readonly shard: string;
}

const DECLARED: SiteAddresses = { own: OWN_ADDRESS, shard: SHARD_ADDRESS };

const site = (namespace: string, addresses: SiteAddresses = DECLARED): string =>
  siteOf(
    `{addresses: [${addresses.own}], shards: [{name: ${namespace}, addresses: [${addresses.shard}]}]}`,
  );

const FIRST = connection({
  name: 'first',
  networks: '10.2.0.0/24',
  tunnel: '{local: {id: first.example}, remote: {address: 203.0.113.1, id: right.example}}',
});

const SECOND = connection({
  name: 'second',
  networks: "10.3.0.0/24, 'fd03::/64'",
  tunnel: `{local: {address: ${SHARD_ADDRESS}, id: second.example}, remote: {address: 203.0.113.1, id: right.example}}`,
});

/** Somebody else's in the namespace of the shard, as near to ours as it can be. */
async function addForeign(shard: Host): Promise<void> {
  const ends = 'src 192.0.2.1 dst 192.0.2.2';
  await shard.ip([
    'link add name spare type veth peer name sp0badcafe',
    'route add 10.78.0.0/16 dev wan',
    `xfrm state add ${ends} proto esp spi 0x1001 reqid 8300 mode tunnel aead rfc4106(gcm(aes)) 0x${'5a'.repeat(20)} 128 if_id 77`,
    `xfrm policy add src 192.0.2.0/25 dst 192.0.2.128/25 dir out tmpl ${ends} proto esp reqid 8300 mode tunnel if_id 77`,
  ]);
}

interface Untouched {
  readonly host: readonly string[];
  readonly shard: readonly string[];
}

describe('a gateway with a shard', () => {
  let lab: Lab<TwoShardsHost>;
  let left: Sallyport;
  let shard: Host;
  let file: string;
  let untouched: Untouched;

  /** All that there is in both namespaces of the host. */
  const everything = async (): Promise<Untouched> => ({
    host: await stateOf(left.host),
    shard: await stateOf(shard),
  });

  const pidOf = async (runDirectory: string): Promise<number> => {
    const text = await readFile(left.host.file(join(runDirectory, 'charon.pid')), 'utf8');
    return (JSON.parse(text) as { readonly pid: number }).pid;
  };

  const carries = async (address: string): Promise<boolean> =>
    (await lab.host('hosta').ping(address, { count: 2 })).received === 2;

  before(async () => {
    lab = await createTwoShards();
    left = new Sallyport(lab.host('gwa'));
    shard = lab.host('ike2');
    const configFile = join(projectDirectory, 'lab', 'sites', 'shards-peer.conf');
    await new Stranger(lab.host('gwb'), { configFile, dataPlane: 'kernel' }).start();
    await addForeign(shard);
    untouched = await everything();
    await left.startAgent();
    file = await left.declare('site', site(shard.namespace) + FIRST + SECOND, { key: KEY });
    await left.mustRun(['apply', '-f', file]);
    await left.untilUp('first', 'second');
  });
  after(async () => {
    await lab.close();
  });

  test('has one daemon in each network namespace, and all its interfaces in its own', async () => {
    const { engines, differences, problems } = await left.report();
    assert.deepEqual(
      engines.map(({ shard: name, state }) => [name, state]),
      [
        [undefined, 'running'],
        [shard.namespace, 'running'],
      ],
    );
    assert.deepEqual([differences, problems], [[], []]);
    for (const host of [left.host, shard]) {
      const commands = (await processesOf(host)).map(({ command }) => command);
      assert.equal(commands.filter((command) => command.includes('charon')).length, 1, host.name);
    }
    const names = (await left.host.mustExec('ip', ['-brief', 'link', 'show', 'type', 'xfrm']))
      .trim()
      .split('\n');
    assert.equal(names.length, 2);
    assert.equal(await shard.mustExec('ip', ['-brief', 'link', 'show', 'type', 'xfrm']), '');
  });

  test('carries traffic of both, as ESP from the address of each, nothing in clear', async () => {
    const internet = lab.host('internet');
    const sniffers = [
      await internet.sniff('a', { innerPrefixes: INNER_PREFIXES }),
      await internet.sniff('a2', { innerPrefixes: INNER_PREFIXES }),
    ];
    for (const address of ['10.2.0.2', '10.3.0.2', 'fd03::2'])
      assert.deepEqual(await lab.host('hosta').ping(address), { sent: 3, received: 3 }, address);
    for (const [index, address] of [OWN_ADDRESS, SHARD_ADDRESS].entries()) {
      const packets = (await sniffers[index]?.packets()) ?? [];
      const outgoing = packets.filter(
        (packet) => kindOf(packet) === 'esp' && packet.source === address,
      );
      assert.equal(outgoing.length, index === 0 ? 3 : 6, address);
      const { esp, clear } = (await sniffers[index]?.stop()) ?? { esp: 0, clear: ['no sniffer'] };
      assert.deepEqual({ esp, clear }, { esp: index === 0 ? 6 : 12, clear: [] });
    }
  });

  test('drops what is for the networks of a shard that is down, and lets nothing out in clear', async () => {
    const sniffer = await lab.host('internet').sniff('a', { innerPrefixes: INNER_PREFIXES });
    await left.host.mustExec('sh', [
      '-c',
      'ip -brief link show type xfrm | cut -d@ -f1 | while read name; do ip link set "$name" down; done',
    ]);
    assert.equal((await lab.host('hosta').ping('10.3.0.2', { count: 2 })).received, 0);
    assert.deepEqual((await sniffer.stop()).clear, []);
    await left.untilTunnel('second', 'is up', ({ state }) => state === 'up');
    assert.ok(await carries('10.3.0.2'));
  });

  for (const [killed, directory, lostTo, unharmed] of [
    ['second', 'shard', '10.3.0.2', '10.2.0.2'],
    ['first', 'host', '10.2.0.2', '10.3.0.2'],
  ] as const) {
    test(`the daemon of the ${directory} killed: the other loses no packet, and it comes back`, async () => {
      const path = directory === 'host' ? 'run' : join('run', 'shards', shard.namespace);
      const tunnel = await left.tunnel(killed);
      const stream = await startPingStream(lab.host('hosta'), unharmed, 0.02);
      process.kill(await pidOf(path), 'SIGKILL');
      await left.untilTunnel(
        killed,
        'is up anew',
        ({ state, children }) =>
          state === 'up' && children.every(({ spiIn }) => spiIn !== tunnel.children[0]?.spiIn),
      );
      assert.ok(await carries(lostTo));
      assertNoneLost(await stream.stop());
    });
  }

  test('a changed tunnel of the shard is exchanged without loss', async () => {
    const stream = await startPingStream(lab.host('hosta'), '10.3.0.2', 0.02);
    const before = await left.tunnel('second');
    const changed = site(shard.namespace) + FIRST + SECOND + '  liveness: {delaySeconds: 25}\n';
    await left.declare('site', changed, { key: KEY });
    await left.mustRun(['apply', '-f', file]);
    await left.untilTunnel(
      'second',
      'has a new IKE SA',
      ({ state, ike }) => state === 'up' && ike?.uniqueId !== before.ike?.uniqueId,
    );
    assertNoneLost(await stream.stop());
  });

  /** As the agent's own daemons see it: which of them holds the connection. */
  const holderOf = async (name: string): Promise<readonly string[]> => {
    const holders: string[] = [];
    for (const directory of ['run', ...(await shardDirectories())]) {
      const uri = `unix://${left.host.file(join(directory, 'charon.vici'))}`;
      const { status, stdout } = await left.host.exec('swanctl', ['--list-conns', '--uri', uri]);
      if (status === 0 && stdout.includes(`sp.default.${name}.main:`)) holders.push(directory);
    }
    return holders;
  };

  const shardDirectories = async (): Promise<readonly string[]> =>
    (await readdir(left.host.file('run/shards')).catch(() => [])).map((name) =>
      join('run', 'shards', name),
    );

  test('a tunnel follows its address into the daemon that is declared to have it', async () => {
    // Nobody has 192.0.2.5: declared where it is not, an address brings its tunnel nowhere.
    const misplaced = { own: `${OWN_ADDRESS}, ${SHARD_ADDRESS}`, shard: '192.0.2.5' };
    await left.declare('site', site(shard.namespace, misplaced) + FIRST + SECOND, { key: KEY });
    await left.mustRun(['apply', '-f', file]);
    assert.deepEqual(await holderOf('second'), ['run']);
    assert.deepEqual(await processesOf(shard), []);
    await left.declare('site', site(shard.namespace) + FIRST + SECOND, { key: KEY });
    await left.mustRun(['apply', '-f', file]);
    await left.untilUp('second');
    assert.deepEqual(await holderOf('second'), [join('run', 'shards', shard.namespace)]);
    assert.ok(await carries('10.3.0.2'));
  });

  test('why looks for the way of ESP, and at firewalls, in the namespace of the shard', async () => {
    const { findings, proofs, unseen } = await why(left, 'second');
    assert.deepEqual([findings, unseen], [[], []]);
    assert.ok(proofs.includes('no firewall of this host stops packets of the tunnel'));
    const chain = 'type filter hook input priority 0; policy accept;\nmeta l4proto esp drop';
    await shard.mustExec('nft', ['-f', '-'], {
      input: `table inet foreign {\nchain in {\n${chain}\n}\n}\n`,
    });
    try {
      const { message } = await tells('path/firewall-drops-outer', left, 'second');
      const place = `network namespace ${shard.namespace}, table inet foreign, chain in`;
      assert.ok(
        message.includes(`drops incoming ESP between us and 203.0.113.1: ${place}`),
        message,
      );
    } finally {
      await shard.mustExec('nft', ['delete', 'table', 'inet', 'foreign']);
    }
  });

  test('a shard that no tunnel needs any more is ended, at no cost for the other', async () => {
    const stream = await startPingStream(lab.host('hosta'), '10.2.0.2', 0.02);
    await left.mustRun(['delete', 'connection', 'second']);
    const { engines } = await left.report();
    assert.deepEqual(
      engines.map(({ shard: name }) => name),
      [undefined],
    );
    assert.deepEqual(await processesOf(shard), []);
    assertNoneLost(await stream.stop());
    await left.mustRun(['apply', '-f', file]);
    await left.untilUp('second');
    assert.ok(await carries('10.3.0.2'));
  });

  test('teardown ends both, and leaves both namespaces as they were', async () => {
    await left.endAgent('SIGTERM');
    await left.mustRun(['agent', '--teardown']);
    assert.deepEqual(await everything(), untouched);
  });

  test('teardown after everything was killed finds the shard by its run directory', async () => {
    await left.startAgent();
    await left.untilUp('first', 'second');
    await left.endAgent('SIGKILL');
    process.kill(await pidOf('run'), 'SIGKILL');
    process.kill(await pidOf(join('run', 'shards', shard.namespace)), 'SIGKILL');
    const killed = await stateOf(shard);
    await left.mustRun(['agent', '--teardown']);
    const lines = await stateOf(shard);
    assert.notDeepEqual(lines, killed);
    // The rule of a charon that was killed carries no mark, and is the same for the next one.
    assert.deepEqual(
      lines.filter((line) => !line.startsWith('8310:')),
      untouched.shard,
    );
  });
});

describe('a namespace of a shard that is deleted, and made anew under its name', () => {
  test('gets a daemon, interfaces and a watch of its own; nothing stays in the old one', async (context) => {
    await using lab = await createTwoShards();
    const left = new Sallyport(lab.host('gwa'));
    const shard = lab.host('ike2');
    const configFile = join(projectDirectory, 'lab', 'sites', 'shards-peer.conf');
    await new Stranger(lab.host('gwb'), { configFile, dataPlane: 'kernel' }).start();
    await left.startAgent();
    const file = await left.declare('site', site(shard.namespace) + FIRST + SECOND, { key: KEY });
    await left.mustRun(['apply', '-f', file]);
    await left.untilUp('first', 'second');
    const stream = await startPingStream(lab.host('hosta'), '10.2.0.2', 0.02);
    const before = await left.tunnel('second');
    const old = new Set((await processesOf(shard)).map(({ pid }) => pid));

    const began = performance.now();
    await lab.host('internet').ip(['link delete dev a2']);
    await mustExecute('ip', ['netns', 'delete', shard.namespace]);
    await mustExecute('ip', ['netns', 'add', shard.namespace]);
    await lab
      .host('internet')
      .ip([
        `link add name a2 type veth peer name wan netns ${shard.namespace}`,
        'address add 198.51.100.6/30 dev a2',
        'link set dev a2 up',
      ]);
    await shard.ip([
      'link set dev lo up',
      `address add ${SHARD_ADDRESS}/30 dev wan`,
      'link set dev wan up',
      'route add 0.0.0.0/0 via 198.51.100.6',
    ]);
    await left.untilTunnel(
      'second',
      'is up in the new namespace',
      ({ state, children }) =>
        state === 'up' && children.every(({ spiIn }) => spiIn !== before.children[0]?.spiIn),
    );
    context.diagnostic(`up after ${(performance.now() - began).toFixed(0)} ms`);
    assert.deepEqual(await lab.host('hosta').ping('10.3.0.2', { count: 2 }), {
      sent: 2,
      received: 2,
    });
    const commands = (await processesOf(shard)).map(({ command }) => command);
    for (const program of ['charon', 'xfrm monitor'])
      assert.equal(commands.filter((one) => one.includes(program)).length, 1, commands.join('\n'));
    await until(
      'nothing runs in the old namespace',
      async () => (await readdir('/proc')).every((pid) => !old.has(Number(pid))),
      10_000,
    );
    const { differences, problems } = await left.report();
    assert.deepEqual([differences, problems], [[], []]);
    assertNoneLost(await stream.stop());
    await left.endAgent('SIGTERM');
    await left.mustRun(['agent', '--teardown']);
  });
});
