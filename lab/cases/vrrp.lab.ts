// Virtual addresses of two gateways by real keepalived: who holds them, when they move, and when they do not.
// Times are said, not judged: what a busy machine makes slow is not wrong.
// lab: any kernel

import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { isIPv6, SocketAddress } from 'node:net';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { VrrpPlan } from '../../packages/sallyport/dist/plan/vrrp-plan.js';
import type { VrrpReport } from '../../packages/sallyport/dist/status/vrrp-report.js';
import type { Undo } from '../faults.ts';
import type { Host } from '../host.ts';
import { startKeepalivedStranger } from '../keepalived-stranger.ts';
import { projectDirectory } from '../paths.ts';
import { lossLine, startPingStream } from '../ping-stream.ts';
import { processesOf } from '../processes.ts';
import type { Sniffer } from '../sniffer.ts';
import { createOneLan, LAN_ADDRESSES, type OneLanHost } from '../topologies/one-lan.ts';
import type { Lab } from '../topology.ts';
import { until } from '../until.ts';
import { Untouched } from '../untouched.ts';

const VIRTUAL = ['10.9.0.254', 'fd09::fe'] as const;
/** RFC 5798 §5.1.1.4: the number of its protocol. */
const VRRP = 112;
/** RFC 5798 §5.2.9: the first one of IPv6. */
const LINK_LOCAL = 'fe80::83:51';
const ID = 51;
/** RFC 5798 §5.2.4: of a master that gives up the addresses. */
const RESIGNED = 0;

type Name = 'first' | 'second';
const NAMES: readonly Name[] = ['first', 'second'];
const other = (name: Name): Name => (name === 'first' ? 'second' : 'first');

/** As planned, and measured. */
const PLANNED_MILLISECONDS = 100;
/** Where nothing is to move: on a machine that stands still at times, three of the planned ones may come too late. */
const PATIENT_MILLISECONDS = 1_000;

/** Ping interval in seconds. */
const INTERVAL = 0.02;

function routersOf(name: Name, advertisementMilliseconds: number): VrrpPlan[] {
  return ([4, 6] as const).map((family, index) => ({
    name: `sp-default-left-v${String(family)}`,
    family,
    interface: 'eth0',
    virtualRouterId: ID,
    advertisementMilliseconds,
    localAddress: LAN_ADDRESSES[name][index] ?? '',
    peers: [LAN_ADDRESSES[other(name)][index] ?? ''],
    virtualAddresses: [`${VIRTUAL[index] ?? ''}/${family === 4 ? '24' : '64'}`],
    tunnels: [],
  }));
}

interface Report {
  readonly routers: readonly VrrpReport[];
  readonly problems: readonly { readonly code: string; readonly message: string }[];
}

/** A gateway with the driver; each call is an agent of its own. */
class Station {
  readonly host: Host;
  routers: readonly VrrpPlan[];
  readonly directory: string;

  constructor(host: Host, name: Name) {
    this.host = host;
    this.routers = routersOf(name, PATIENT_MILLISECONDS);
    this.directory = host.file('keepalived');
  }

  async call(action: string, ...args: readonly string[]): Promise<unknown> {
    const output = await this.host.mustExec(process.execPath, this.#words(action, args), {
      input: JSON.stringify(this.routers),
    });
    return JSON.parse(output);
  }

  apply(): Promise<unknown> {
    return this.call('apply');
  }

  async setUsability(usability: string, reason = 'the test wants it'): Promise<void> {
    await this.call('usability', usability, reason);
  }

  async report(): Promise<Report> {
    return (await this.call('report')) as Report;
  }

  /** An agent that stays: it starts keepalived again. */
  async keep(): Promise<{ end(): void }> {
    const file = await this.host.write('routers.json', JSON.stringify(this.routers));
    const words = this.#words('keep', []).map((word) => `'${word}'`);
    const child = this.host.spawn('sh', [
      '-c',
      `exec ${process.execPath} ${words.join(' ')} <'${file}'`,
    ]);
    return { end: () => child.kill('SIGKILL') };
  }

  /** Its virtual addresses. */
  async held(): Promise<string[]> {
    const output = await this.host.mustExec('ip', ['-oneline', 'address', 'show', 'dev', 'eth0']);
    return [...VIRTUAL, LINK_LOCAL].filter((address) => output.includes(` ${address}/`));
  }

  async keepaliveds(): Promise<number[]> {
    return (await processesOf(this.host))
      .filter(({ command }) => command.startsWith('/usr/sbin/keepalived '))
      .map(({ pid }) => pid);
  }

  async killAll(): Promise<void> {
    for (const pid of await this.keepaliveds()) process.kill(pid, 'SIGKILL');
  }

  #words(action: string, args: readonly string[]): string[] {
    return [join(projectDirectory, 'lab', 'virtual-addresses.ts'), this.directory, action, ...args];
  }
}

class Pair {
  readonly lab: Lab<OneLanHost>;
  readonly stations: Readonly<Record<Name, Station>>;

  constructor(lab: Lab<OneLanHost>) {
    this.lab = lab;
    this.stations = {
      first: new Station(lab.host('first'), 'first'),
      second: new Station(lab.host('second'), 'second'),
    };
  }

  /** All addresses are with this one, and none with the other one. */
  async isHolder(name: Name): Promise<boolean> {
    const [ours, theirs] = await Promise.all(
      [name, other(name)].map((each) => this.stations[each].held()),
    );
    return ours?.length === VIRTUAL.length + 1 && theirs?.length === 0;
  }

  untilHolder(name: Name): Promise<boolean> {
    return until(`${name} alone holds the addresses`, () => this.isHolder(name), 15_000, 20);
  }

  /**
   * What happens to the other one moves nothing, nor does what comes of it: it would take the addresses after three
   * advertisements, and in each family it hears four.
   */
  async staysWith(name: Name, change: () => Promise<unknown>): Promise<void> {
    const [holder, standby] = [this.stations[name], this.stations[other(name)]];
    const since = async (station: Station): Promise<unknown> =>
      (await station.report()).routers.map((router) => [router.state, router.since]);
    const sniffer = await standby.host.sniff('eth0', { innerPrefixes: [] });
    const heard = (): Promise<readonly number[]> => countOf(sniffer, name);
    const held = await since(holder);
    await change();
    await until(
      `${other(name)} is ready`,
      async () => (await standby.report()).routers.every(({ state }) => state === 'backup'),
      5_000,
    );
    const ready = await since(standby);
    const before = await heard();
    await until(
      `${other(name)} hears four advertisements`,
      async () => (await heard()).every((count, index) => count >= (before[index] ?? 0) + 4),
      15_000,
    );
    await sniffer.stop();
    assert.ok(await this.isHolder(name));
    assert.deepEqual([await since(holder), await since(standby)], [held, ready]);
  }

  /** What a client on the LAN notices of a change, for people. */
  async watch(change: () => Promise<unknown>): Promise<string> {
    const client = this.lab.host('client');
    const streams = await Promise.all(
      VIRTUAL.map((address) => startPingStream(client, address, INTERVAL)),
    );
    await change();
    const lines = await Promise.all(
      streams.map(async (stream, index) => {
        const result = await stream.stop();
        const gap = Math.round(result.lost.length * INTERVAL * 1_000);
        return `${VIRTUAL[index] ?? ''}: ${lossLine(result)}, about ${String(gap)} ms`;
      }),
    );
    return lines.join('; ');
  }

  /** Both usable, and the addresses with `name`. */
  async begin(name: Name): Promise<void> {
    for (const each of NAMES) await this.stations[each].apply();
    await this.stations[name].setUsability('usable');
    await this.stations[other(name)].setUsability('last-resort');
    await this.untilHolder(name);
    await this.stations[other(name)].setUsability('usable');
  }
}

describe('virtual addresses of two gateways', () => {
  let pair: Pair;
  let first: Station;
  let second: Station;
  let untouched: Untouched;

  before(async () => {
    pair = new Pair(await createOneLan());
    ({ first, second } = pair.stations);
    untouched = await Untouched.of([first.host, second.host]);
  });
  after(async () => {
    await pair.lab.close();
  });

  test('are held by one of them as a last resort, before any tunnel is proven', async () => {
    assert.deepEqual(await first.apply(), [
      'add virtual router sp-default-left-v4, id 51 on eth0: 10.9.0.254/24',
      'add virtual router sp-default-left-v6, id 51 on eth0: fd09::fe/64',
      'add table inet sallyport_vrrp',
    ]);
    await second.apply();
    await pair.untilHolder('first');
    const { routers } = await first.report();
    assert.deepEqual(
      routers.map(({ state, held }) => ({ state, held })),
      [
        { state: 'master', held: [VIRTUAL[0]] },
        { state: 'master', held: [LINK_LOCAL, VIRTUAL[1]] },
      ],
    );
    assert.match(routers[0]?.why ?? '', /^as a last resort, .*: no tunnel has been proven yet/);
  });

  test('are there in the second apply, which changes nothing', async () => {
    assert.deepEqual(await first.apply(), []);
    assert.deepEqual(await second.apply(), []);
  });

  test('go to the one that is usable, and stay there when the other one is, too', async () => {
    await second.setUsability('usable');
    await pair.untilHolder('second');
    await pair.staysWith('second', () => first.setUsability('usable'));
    const [router] = (await first.report()).routers;
    assert.match(router?.why ?? '', /^another gateway holds the addresses; this one is/);
  });

  test('move when the holder is not usable, and do not come back (trap 9: a check that only the master passes)', async (t) => {
    t.diagnostic(
      await pair.watch(async () => {
        await second.setUsability('unusable', 'its tunnel is down');
        await pair.untilHolder('first');
      }),
    );
    const [router] = (await second.report()).routers;
    assert.equal(router?.state, 'fault');
    await pair.staysWith('first', () => second.setUsability('usable'));
  });

  test('move when the holder is in doubt, and stay with it when the other one is no better', async (t) => {
    t.diagnostic(
      await pair.watch(async () => {
        await first.setUsability('last-resort', 'probes are not answered');
        await pair.untilHolder('second');
      }),
    );
    await first.setUsability('unusable');
    await second.setUsability('last-resort', 'probes are not answered');
    await pair.untilHolder('second');
    // A holder in doubt makes way for one that has recovered.
    await first.setUsability('usable');
    await pair.untilHolder('first');
    await second.setUsability('usable');
  });

  test('stay with a holder whose tunnels are coming up, and the other one sees that they are', async () => {
    await pair.begin('first');
    await second.setUsability('presumed');
    await pair.staysWith('first', () => first.setUsability('presumed'));
    const [router] = (await second.report()).routers;
    assert.match(router?.why ?? '', /^another gateway holds the addresses, and its tunnels are/);
    await pair.staysWith('first', () => first.setUsability('usable'));
  });

  test('move when the holder is taken down, which leaves nothing of it', async (t) => {
    await pair.begin('first');
    t.diagnostic(
      await pair.watch(async () => {
        await first.call('clean');
        await pair.untilHolder('second');
      }),
    );
    assert.deepEqual(await first.keepaliveds(), []);
    assert.ok(!existsSync(first.directory));
    await pair.staysWith('second', async () => {
      await first.apply();
      await first.setUsability('usable');
    });
  });

  test('are announced by the next holder only when the former one has said its last word', async () => {
    await pair.begin('first');
    const sniffer = await second.host.sniff('eth0', { innerPrefixes: [] });
    await first.setUsability('drained');
    await pair.untilHolder('second');
    await until(
      'four of its advertisements are out',
      async () => (await countOf(sniffer, 'second')).every((count) => count >= 4),
      15_000,
    );
    const seen = await advertisements(sniffer);
    await sniffer.stop();
    for (const [index, former] of LAN_ADDRESSES.first.entries()) {
      const next = LAN_ADDRESSES.second[index];
      const sources = seen.map(({ source }) => source);
      const last = sources.lastIndexOf(former);
      assert.ok(last < sources.indexOf(next ?? ''), `${former} and ${next ?? ''} at once`);
      assert.equal(seen[last]?.priority, RESIGNED);
    }
    await first.setUsability('usable');
  });

  test('move when keepalived is killed, and those it left go when it is started again', async (t) => {
    await pair.begin('first');
    const agent = await first.keep();
    t.diagnostic(
      await pair.watch(async () => {
        await first.killAll();
        await pair.untilHolder('second');
      }),
    );
    await until('it runs again', async () => (await first.keepaliveds()).length === 2, 15_000);
    agent.end();
    await first.apply();
    assert.deepEqual(await first.apply(), []);
  });

  test('stay with the holder while its agent is away, and when its keepalived reads a change', async () => {
    await pair.begin('first');
    const before = await first.keepaliveds();
    first.routers = routersOf('first', PATIENT_MILLISECONDS + 100);
    assert.deepEqual(await first.apply(), [
      'replace virtual router sp-default-left-v4, id 51 on eth0: 10.9.0.254/24 (advertisementMilliseconds)',
      'replace virtual router sp-default-left-v6, id 51 on eth0: fd09::fe/64 (advertisementMilliseconds)',
    ]);
    assert.deepEqual(await first.apply(), []);
    assert.deepEqual(await first.keepaliveds(), before);
    assert.ok(await pair.isHolder('first'));
  });

  test('move when the holder falls silent, and do not come back', async (t) => {
    second.routers = routersOf('second', PLANNED_MILLISECONDS);
    await pair.begin('first');
    t.diagnostic(
      await pair.watch(async () => {
        await pair.lab.link('first').cut();
        await until(
          'second holds them',
          async () => (await second.held()).length === 3,
          15_000,
          20,
        );
      }),
    );
    for (const name of NAMES) pair.stations[name].routers = routersOf(name, PATIENT_MILLISECONDS);
    await second.apply();
    // In doubt meanwhile, as its agent would find out.
    await first.setUsability('last-resort');
    await pair.lab.link('first').restore();
    await pair.untilHolder('second');
    await pair.staysWith('second', async () => {
      await first.apply();
      await first.setUsability('usable');
    });
  });

  test('do not mind a stranger with the same id, which is told', async () => {
    await pair.begin('first');
    const since = async (): Promise<unknown> =>
      (await first.report()).routers.map((router) => [router.state, router.since]);
    const before = await since();
    const stop = await startStranger(pair.lab.host('stranger'), 'first');
    await until(
      'the stranger is noticed',
      async () => (await first.report()).problems.length === 2,
      15_000,
    );
    // It speaks five times as often as the holder, which would have fallen silent at once.
    assert.ok(await pair.isHolder('first'));
    assert.deepEqual(await since(), before);
    const { problems } = await first.report();
    assert.deepEqual(
      problems.map(({ code, message }) => [code, message]),
      [
        [
          'vrrp/duplicate-id',
          'virtual router sp-default-left-v4, id 51 on eth0: 10.9.0.3 uses this id, too, and is not listened to',
        ],
        [
          'vrrp/duplicate-id',
          'virtual router sp-default-left-v6, id 51 on eth0: fd09::3 uses this id, too, and is not listened to',
        ],
      ],
    );
    await stop();
    // Nor does it keep a standby from taking over.
    const again = await startStranger(pair.lab.host('stranger'), 'second');
    await until('it is noticed', async () => (await second.report()).problems.length === 2, 15_000);
    await pair.lab.link('first').cut();
    await until('second holds them', async () => (await second.held()).length === 3, 15_000, 20);
    await pair.lab.link('first').restore();
    await again();
  });

  test('go without passwords (trap 10: auth_pass is cut to eight characters in silence)', async () => {
    assert.doesNotMatch(await readFile(join(first.directory, 'keepalived.conf'), 'utf8'), /auth/);
  });

  test('start and stop nothing else (trap 11: the services of a tunnel belong to two masters)', async () => {
    const config = await readFile(join(first.directory, 'keepalived.conf'), 'utf8');
    assert.doesNotMatch(config, /script|notify|process/);
  });

  test('are told of where a firewall keeps the gateways apart (trap 12: no opening for VRRP)', async () => {
    for (const name of NAMES) await pair.stations[name].call('clean');
    for (const name of NAMES) {
      const chain = 'chain in {\ntype filter hook input priority 0\nmeta l4proto 112 drop\n}';
      await pair.lab
        .host(name)
        .mustExec('nft', ['-f', '-'], { input: `table inet lab_closed {\n${chain}\n}\n` });
      await pair.stations[name].apply();
    }
    for (const name of NAMES) {
      const why = await until(
        `${name} tells of it`,
        async () => {
          const [router] = (await pair.stations[name].report()).routers;
          return router?.state === 'master' && router.why;
        },
        15_000,
      );
      assert.match(
        why,
        /nobody else announces them .* a firewall would stop VRRP, IP protocol 112/,
      );
    }
    for (const name of NAMES)
      await pair.lab.host(name).mustExec('nft', ['delete', 'table', 'inet', 'lab_closed']);
    await until(
      'one alone holds them',
      async () => {
        const held = await Promise.all(NAMES.map((name) => pair.isHolder(name)));
        return held.some(Boolean);
      },
      15_000,
    );
  });

  test('leave nothing behind, also after a kill', async () => {
    await first.killAll();
    for (const name of NAMES) await pair.stations[name].call('clean');
    await untouched.check([first.host, second.host]);
    for (const { directory } of [first, second]) assert.ok(!existsSync(directory));
  });
});

interface Advertisement {
  /** As in LAN_ADDRESSES. */
  readonly source: string;
  readonly priority: number;
}

/** In the order in which they came by. */
async function advertisements(sniffer: Sniffer): Promise<readonly Advertisement[]> {
  return (await sniffer.packets())
    .filter(({ protocol }) => protocol === VRRP)
    .map(({ source: address, payload }) => {
      const family = isIPv6(address) ? 'ipv6' : 'ipv4';
      const { address: source } = new SocketAddress({ address, family });
      // RFC 5798 §5.1: version and type, virtual router id, priority.
      return { source, priority: payload.readUInt8(2) };
    });
}

/** What one of the gateways has announced, in each family. */
async function countOf(sniffer: Sniffer, name: Name): Promise<readonly number[]> {
  const seen = await advertisements(sniffer);
  return LAN_ADDRESSES[name].map(
    (address) => seen.filter(({ source }) => source === address).length,
  );
}

/** Another pair's keepalived, which sends to one of our gateways by mistake; call what it returns to end it. */
async function startStranger(host: Host, to: Name): Promise<Undo> {
  const instances = ([4, 6] as const).map(
    (family, index) => `vrrp_instance theirs${String(family)} {
  state MASTER
  version 3
  interface eth0
  virtual_router_id ${String(ID)}
  priority 250
  advert_int 0.02
  unicast_ttl 255
  unicast_src_ip ${LAN_ADDRESSES.stranger[index] ?? ''}
  unicast_peer {
    ${LAN_ADDRESSES[to][index] ?? ''}
  }
  virtual_ipaddress {
    ${family === 4 ? '10.9.0.253/32' : 'fe80::5/64'}
  }
}
`,
  );
  return startKeepalivedStranger(host, instances.join(''));
}
