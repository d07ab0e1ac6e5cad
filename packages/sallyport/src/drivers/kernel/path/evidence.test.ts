import { beforeEach, describe, expect, it } from 'vitest';
import { tunnel } from '../../../status/testing/subjects.ts';
import { FakeCommands } from '../testing/fake-commands.ts';
import { gatherPathEvidence } from './evidence.ts';
import type { PathSources } from './routes.ts';

const OWN = JSON.stringify([
  { ifname: 'lan', addr_info: [{ local: '10.10.0.1', prefixlen: 16 }] },
  { ifname: 'wan', addr_info: [{ local: '192.0.2.10', prefixlen: 24 }] },
]);
const route = (dev: string): { stdout: string } => ({ stdout: `[{"dev":"${dev}"}]` });
const answered = { stdout: '3 packets transmitted, 3 received, 0% packet loss, time 400ms' };
const lost = { code: 1, stdout: '3 packets transmitted, 0 received, 100% packet loss, time 400ms' };

/** What nft shows of `table ip f { chain i { type filter hook input priority 0; policy drop; }; }`. */
const RULESET = JSON.stringify({
  nftables: [
    { table: { family: 'ip', name: 'f', handle: 1 } },
    {
      chain: {
        ...{ family: 'ip', table: 'f', name: 'i', handle: 1 },
        ...{ type: 'filter', hook: 'input', prio: 0, policy: 'drop' },
      },
    },
  ],
});

let commands: FakeCommands;
let files: Map<string, string>;
let pauses: number[];

beforeEach(() => {
  commands = new FakeCommands()
    .on(/address show/, { stdout: OWN })
    .on(/rule show/, { stdout: '[{"priority":100,"src":"all","table":"100"}]' })
    .on(/link show/, { stdout: '[{"stats64":{"tx":{"carrier_errors":2}}}]' })
    .on(/^nft/, { stdout: RULESET })
    .on(/route get 10\.20/, route('sp0a78d801'))
    .on(/route get 198\.51\.100\.20/, route('wan'))
    .on(/route get 192\.0\.2\.10/, route('lo'));
  files = new Map([
    ['/proc/net/xfrm_stat', 'XfrmInNoStates 7'],
    ['/proc/net/netstat', 'TcpExt: IPReversePathFilter\nTcpExt: 3'],
    ['/proc/sys/net/ipv6/conf/all/forwarding', '1'],
    ['/proc/sys/net/ipv4/conf/all/rp_filter', '2'],
    ...['lan', 'wan', 'sp0a78d801'].flatMap((name): [string, string][] => [
      [`/proc/sys/net/ipv4/conf/${name}/forwarding`, name === 'wan' ? '0' : '1'],
      [`/proc/sys/net/ipv4/conf/${name}/rp_filter`, '1'],
    ]),
  ]);
  pauses = [];
});

async function gather(
  target?: string,
  signal = new AbortController().signal,
  outside?: PathSources['outside'],
) {
  const sources: PathSources = {
    ...(outside === undefined ? {} : { outside }),
    commands,
    readFile: (path) => Promise.resolve(files.get(path)),
    pause: (milliseconds) => {
      pauses.push(milliseconds);
      files.set('/proc/net/xfrm_stat', 'XfrmInNoStates 9');
      return Promise.resolve();
    },
  };
  const asked = outside === undefined ? tunnel : { ...tunnel, shard: outside.name };
  const question = { tunnels: [asked], ...(target === undefined ? {} : { target }) };
  const found = (await gatherPathEvidence(sources, question, signal)).get(tunnel.name);
  if (found === undefined) throw new Error('no evidence');
  return found;
}

describe('gatherPathEvidence', () => {
  it('looks at ways, devices and counters, and sends nothing without a target', async () => {
    const evidence = await gather();
    expect(evidence.routes.map(({ address, from }) => [address, from])).toEqual([
      ['10.20.0.1', undefined],
      ['10.20.0.1', { address: '10.10.0.2', interface: 'lan' }],
    ]);
    expect(evidence.peerRoute).toEqual({ kind: 'route', interface: 'wan' });
    expect(evidence.peerReturn?.from).toEqual({ address: '198.51.100.20', interface: 'wan' });
    expect(evidence.devices).toEqual([
      { name: 'lan', forwards: true, reversePathFilter: 2 },
      { name: 'wan', forwards: false, reversePathFilter: 2 },
      { name: 'sp0a78d801', forwards: true, reversePathFilter: 2 },
    ]);
    expect([evidence.forwardsIpv6, evidence.foreignRules.length]).toEqual([true, 2]);
    expect(evidence.xfrm?.before.get('XfrmInNoStates')).toBe(7);
    expect(evidence.xfrm?.after.get('XfrmInNoStates')).toBe(9);
    expect(evidence.reversePathDrops).toEqual({ before: 3, after: 3 });
    expect(evidence.refusedByPolicy).toEqual({ before: 2, after: 2 });
    expect(commands.calls.some(({ line }) => line.startsWith('ping'))).toBe(false);
    expect(pauses).toHaveLength(1);
  });

  describe('of a tunnel of a shard', () => {
    let outer: FakeCommands;
    let outerFiles: Map<string, string>;

    beforeEach(() => {
      // Its outer interface has the name of another one in the host's own namespace.
      outer = new FakeCommands()
        .on(/address show/, { stdout: OWN })
        .on(/^nft/, { stdout: RULESET })
        .on(/route get 198\.51\.100\.20/, route('wan'))
        .on(/route get 192\.0\.2\.10/, route('lo'));
      commands.on(/^nft/, { stdout: '{"nftables":[]}' });
      outerFiles = new Map([
        ['/proc/net/xfrm_stat', 'XfrmInNoStates 40'],
        ['/proc/net/netstat', 'TcpExt: IPReversePathFilter\nTcpExt: 60'],
        ['/proc/sys/net/ipv4/conf/wan/forwarding', '0'],
        ['/proc/sys/net/ipv4/conf/wan/rp_filter', '1'],
      ]);
    });

    const gatherInShard = () =>
      gather(undefined, undefined, {
        name: 'ike2',
        commands: outer,
        readFile: (path) => Promise.resolve(outerFiles.get(path)),
      });

    it('looks for the way of ESP, and what counts it, where the SAs are', async () => {
      const evidence = await gatherInShard();
      expect(evidence.peerRoute).toEqual({ kind: 'route', interface: 'wan' });
      expect(evidence.xfrm?.before.get('XfrmInNoStates')).toBe(40);
      expect(evidence.outside).toEqual({
        devices: [{ name: 'wan', forwards: false, reversePathFilter: 1 }],
        reversePathDrops: { before: 60, after: 60 },
      });
      expect(evidence.devices.map(({ name }) => name)).toEqual(['lan', 'sp0a78d801']);
      expect(evidence.reversePathDrops).toEqual({ before: 3, after: 3 });
      expect(evidence.unseen).toEqual([]);
    });

    it('asks the firewall of each namespace for the packets that are there', async () => {
      const inShard = (await gatherInShard()).stops ?? [];
      expect(new Set(inShard.map(({ flow }) => flow))).toEqual(
        new Set(['incoming IKE', 'incoming ESP']),
      );
      expect(inShard[0]?.place).toBe('network namespace ike2, table ip f, chain i, its policy');
      outer.on(/^nft/, { stdout: '{"nftables":[]}' });
      commands.on(/^nft/, { stdout: RULESET.replace('"input"', '"forward"') });
      const inHost = (await gatherInShard()).stops ?? [];
      expect(inHost.map(({ flow, place }) => [flow, place])).toContainEqual([
        'forwarded out',
        'table ip f, chain i, its policy',
      ]);
      expect(inHost.some(({ flow }) => flow.includes('ESP'))).toBe(false);
    });

    it('says what of it could not be looked at, and calls nothing free', async () => {
      outer.on(/^nft/, { code: 1, stderr: 'nft: no such file' });
      outerFiles.set('/proc/net/ip_tables_names', 'filter');
      const { stops, unseen } = await gatherInShard();
      expect(stops).toBeUndefined();
      expect(unseen).toEqual([
        'what iptables-legacy does in its tables filter: see iptables-legacy-save, in network namespace ike2',
        expect.stringMatching(/^what firewalls of network namespace ike2 do: .*no such file/),
      ]);
    });
  });

  it('pings a target with a small packet, one of the MTU and one above it, none of them to be fragmented', async () => {
    commands.on(/^ping/, answered);
    const { probe } = await gather('10.20.0.10');
    expect(probe).toMatchObject({
      source: '10.10.0.1',
      pings: [{ bytes: 84 }, { bytes: 1438 }],
      above: { bytes: 1439 },
    });
    const pings = commands.calls.filter(({ line }) => line.startsWith('ping'));
    expect(pings.map(({ line }) => line)).toEqual([
      'ping -n -c 3 -i 0.2 -W 1 -M do -s 56 -I 10.10.0.1 10.20.0.10',
      'ping -n -c 3 -i 0.2 -W 1 -M do -s 1410 -I 10.10.0.1 10.20.0.10',
      'ping -n -c 3 -i 0.2 -W 1 -M do -s 1411 -I 10.10.0.1 10.20.0.10',
    ]);
    expect(pauses).toEqual([]);
  });

  it('looks for the size that passes where only the small packet does', async () => {
    commands.on(/^ping/, lost).on(/^ping.* -s (?:\d{2,3}|1[012]\d\d) /, answered);
    const { probe } = await gather('10.20.0.10');
    const through = probe?.pings.filter(({ received }) => received > 0).map(({ bytes }) => bytes);
    expect(through).toEqual([84, 576, 800, 1000, 1100, 1200, 1240, 1280, 1320]);
    expect(probe?.pings.at(-1)).toEqual({ bytes: 1438, sent: 3, received: 0 });
  });

  it('takes a path that loses everything for a moment for no narrow one', async () => {
    commands.on(/^ping/, lost).on(/^ping.* -s 56 /, () => {
      const isFirst = commands.calls.filter(({ line }) => line.includes(' -s 56 ')).length === 1;
      return isFirst ? answered : lost;
    });
    const { probe } = await gather('10.20.0.10');
    expect(probe?.pings[0]).toEqual({ bytes: 84, sent: 3, received: 0 });
  });

  it('looks for no size where nothing passes', async () => {
    commands.on(/^ping/, lost);
    expect((await gather('10.20.0.10')).probe?.pings).toHaveLength(2);
  });

  it('says where it cannot ping from, or not ping at all', async () => {
    commands.on(/address show/, { stdout: '[]' });
    expect((await gather('10.20.0.10')).unseen).toEqual([
      expect.stringContaining('this host has no address in 10.10.0.0/16 to ping from'),
    ]);
    commands
      .on(/address show/, { stdout: OWN })
      .on(/^ping/, { code: 2, stderr: 'ping: socket: no' });
    expect((await gather('10.20.0.10')).unseen).toEqual([
      'whether 10.20.0.10 answers: ping: socket: no',
    ]);
    commands.on(/^ping/, { code: 1 });
    expect((await gather('10.20.0.10')).unseen[0]).toContain('exit code 1');
  });

  it('says where the target is in no network of the tunnel, and looks at the networks', async () => {
    const { unseen, routes, probe } = await gather('172.16.0.1');
    expect(unseen).toEqual([expect.stringContaining('172.16.0.1 is in none of the networks')]);
    expect([routes.length, probe]).toEqual([2, undefined]);
  });

  it('looks where a network comes in that lies behind another router', async () => {
    commands
      .on(/address show/, { stdout: '[{"ifname":"wan","addr_info":[{"local":"192.0.2.10"}]}]' })
      .on(/route get 10\.10\.0\.1$/, route('core'));
    const [, passedOn] = (await gather()).routes;
    expect(passedOn?.from).toEqual({ address: '10.10.0.1', interface: 'core' });
    commands.on(/route get 10\.10\.0\.1$/, { code: 2, stderr: 'Network is unreachable' });
    expect((await gather()).routes).toHaveLength(1);
  });

  it('leaves out what this kernel does not have', async () => {
    files.clear();
    commands.on(/link show/, { code: 1 });
    const evidence = await gather();
    expect(evidence).not.toHaveProperty('xfrm');
    expect(evidence).not.toHaveProperty('refusedByPolicy');
    expect(evidence).not.toHaveProperty('forwardsIpv6');
    expect(evidence.devices).toEqual([]);
  });

  it('looks at the rest where one look fails', async () => {
    commands.on(/-6 rule show/, { code: 2, stderr: 'Address family not supported' });
    const { unseen, routes, foreignRules } = await gather();
    expect(unseen).toEqual([expect.stringMatching(/^rules of IPv6: .*not supported/)]);
    expect([routes.length, foreignRules.length]).toEqual([2, 1]);
  });

  it('says where firewalls stop packets, and which of them it cannot read', async () => {
    expect((await gather()).stops?.map(({ flow, place }) => `${flow}: ${place}`)).toEqual([
      'incoming IKE: table ip f, chain i, its policy',
      'incoming IKE: table ip f, chain i, its policy',
      'incoming ESP: table ip f, chain i, its policy',
    ]);
    files.set('/proc/net/ip_tables_names', 'filter\nnat');
    commands.on(/^nft/, new Error('spawn nft ENOENT'));
    const { stops, unseen } = await gather();
    expect(stops).toBeUndefined();
    expect(unseen).toEqual([
      'what iptables-legacy does in its tables filter, nat: see iptables-legacy-save',
      'what firewalls of this host do: spawn nft ENOENT',
    ]);
  });

  it('ends when it shall', async () => {
    const stop = new AbortController();
    stop.abort(new Error('too long'));
    await expect(gather('10.20.0.10', stop.signal)).rejects.toThrow('too long');
  });
});
