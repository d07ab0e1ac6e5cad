// A gateway between a host and a peer, the gateway being the namespace this process runs in:
//
//     host --- lan [this namespace] wan --- peer
//     10.1.0.2      10.1.0.1   192.0.2.1    192.0.2.2, and 10.2.0.1 behind it
//     fd01::2       fd01::1    2001:db8::1  2001:db8::2, and fd02::1 behind it
//
// The peer knows the way back, so that without a guard everything passes in clear. SAs and policies
// are installed by hand: the driver is under test here, not a daemon.

import { systemCommands } from '../src/platform/linux/command.ts';
import { ipBatch, Namespace } from './namespace.ts';

export const OUTER: { readonly gateway: string; readonly peer: string } = {
  gateway: '192.0.2.1',
  peer: '192.0.2.2',
};

export type EspKind = 'xfrm' | 'vti' | 'policy';

/** XFRM interface id and VTI mark of the gateway's SAs. */
export const TUNNEL_ID = 4_000_000_001;

const KEY = '0x000102030405060708090a0b0c0d0e0f10111213';
const NETWORKS: readonly (readonly [string, string])[] = [
  ['10.1.0.0/16', '10.2.0.0/16'],
  ['fd01::/16', 'fd02::/16'],
];

/** What the peer saw come in. */
export interface Seen {
  readonly esp: number;
  readonly clear: number;
  /** SYNs by the MSS they carried: the clamped one, and any other. */
  readonly clamped: number;
  readonly unclamped: number;
}

export class GatewayNetwork implements AsyncDisposable {
  readonly #host: Namespace;
  readonly #peer: Namespace;

  private constructor(host: Namespace, peer: Namespace) {
    this.#host = host;
    this.#peer = peer;
  }

  static async create(): Promise<GatewayNetwork> {
    const network = new GatewayNetwork(await Namespace.create(), await Namespace.create());
    await network.#connect();
    return network;
  }

  async #connect(): Promise<void> {
    await ipBatch([
      'link set dev lo up',
      `link add lan type veth peer name eth0 netns ${this.#host.pid}`,
      `link add wan type veth peer name eth0 netns ${this.#peer.pid}`,
      'address add 10.1.0.1/24 dev lan',
      'address add fd01::1/64 dev lan nodad',
      'address add 192.0.2.1/24 dev wan',
      'address add 2001:db8::1/64 dev wan nodad',
      'link set dev lan up',
      'link set dev wan up',
      'route add default via 192.0.2.2',
      'route add default via 2001:db8::2',
    ]);
    const host = [
      ...['link set dev lo up', 'link set dev eth0 up'],
      ...['address add 10.1.0.2/24 dev eth0', 'address add fd01::2/64 dev eth0 nodad'],
      ...['route add default via 10.1.0.1', 'route add default via fd01::1'],
    ];
    const peer = [
      ...['link set dev lo up', 'link set dev eth0 up'],
      ...['address add 192.0.2.2/24 dev eth0', 'address add 2001:db8::2/64 dev eth0 nodad'],
      ...['address add 10.2.0.1/32 dev lo', 'address add fd02::1/128 dev lo nodad'],
      ...['route add 10.1.0.0/16 via 192.0.2.1', 'route add fd01::/16 via 2001:db8::1'],
    ];
    await this.#host.run(['ip', '-batch', '-'], `${host.join('\n')}\n`);
    await this.#peer.run(['ip', '-batch', '-'], `${peer.join('\n')}\n`);
  }

  /** Tells the peer to count; `mssBytes` is the MSS that SYNs shall carry. */
  async watch(mssBytes: number, isEspKnown: boolean): Promise<void> {
    const clear = isEspKnown ? 'meta ipsec missing' : '';
    const rules = [
      'meta l4proto esp counter comment "esp"',
      `ip saddr 10.1.0.0/16 ${clear} counter comment "clear"`,
      `ip6 saddr fd01::/16 ${clear} counter comment "clear"`,
      // Our own address towards a guarded prefix is as much a leak.
      `ip saddr 192.0.2.1 ip daddr 10.2.0.0/16 ${clear} counter comment "clear"`,
      `tcp flags & (syn | ack) == syn tcp option maxseg size ${mssBytes} counter comment "clamped"`,
      `tcp flags & (syn | ack) == syn tcp option maxseg size != ${mssBytes} counter comment "unclamped"`,
    ];
    const table = `table inet watch { chain in { type filter hook prerouting priority -400; ${rules.join('; ')}; }; }`;
    await this.#peer.run(
      ['nft', '-f', '-'],
      `table inet watch {}\ndelete table inet watch\n${table}\n`,
    );
  }

  async seen(): Promise<Seen> {
    const counts = { esp: 0, clear: 0, clamped: 0, unclamped: 0 };
    const text = await this.#peer.run(['nft', 'list', 'table', 'inet', 'watch']);
    for (const [, packets, name] of text.matchAll(/packets (\d+) bytes \d+ comment "(\w+)"/g)) {
      if (name !== undefined && name in counts) {
        counts[name as keyof Seen] += Number(packets);
      }
    }
    return counts;
  }

  /** Answers that came back to three pings. */
  async ping(
    from: 'host' | 'gateway' | 'peer',
    to: string,
    options: readonly string[] = [],
  ): Promise<number> {
    const pid = from === 'host' ? this.#host.pid : this.#peer.pid;
    const prefix = from === 'gateway' ? [] : ['nsenter', '-t', pid, '-n'];
    // Not ping(8), which waits for the last answer but twice as long as one has taken before.
    const args = ['-q', '-c', '3', '-p', '50', '-i', '1', '-t', '1000', ...options, to];
    const [file = '', ...rest] = [...prefix, 'fping', ...args];
    const { stderr } = await systemCommands.run(file, rest);
    return Number(/xmt\/rcv\/%loss = \d+\/(\d+)\//.exec(stderr)?.[1] ?? Number.NaN);
  }

  /** Tries a TCP connection that nobody takes: the SYN is all that is wanted. */
  async connect(from: 'host' | 'peer', to: string): Promise<void> {
    const pid = from === 'host' ? this.#host.pid : this.#peer.pid;
    const script = `exec 3<>/dev/tcp/${to}/9`;
    await systemCommands.run('nsenter', ['-t', pid, '-n', 'timeout', '1', 'bash', '-c', script]);
  }

  /** SAs and policies at both ends; the peer's are always plain policies. */
  async installEsp(kind: EspKind): Promise<void> {
    const mine = kind === 'xfrm' ? `if_id ${TUNNEL_ID}` : kind === 'vti' ? `mark ${TUNNEL_ID}` : '';
    const gateway = [...states(mine), ...policies(mine, 'gateway', kind !== 'policy')];
    await ipBatch(gateway);
    await this.#peer.run(
      ['ip', '-batch', '-'],
      [...states(''), ...policies('', 'peer', false), ''].join('\n'),
    );
  }

  /** The tunnel is down: at our end nothing is left of it. */
  async removeEsp(): Promise<void> {
    await ipBatch(['xfrm state flush', 'xfrm policy flush']);
  }

  async removeEspAtPeer(): Promise<void> {
    await this.#peer.run(['ip', '-batch', '-'], 'xfrm state flush\nxfrm policy flush\n');
  }

  async atHost(args: readonly string[]): Promise<string> {
    return this.#host.run(args);
  }

  async atPeer(args: readonly string[]): Promise<string> {
    return this.#peer.run(args);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await ipBatch(['link delete dev lan', 'link delete dev wan']);
    await this.#host[Symbol.asyncDispose]();
    await this.#peer[Symbol.asyncDispose]();
  }
}

/** `flag af-unspec`: one SA carries both families. */
function states(selector: string): string[] {
  return (
    [
      [OUTER.gateway, OUTER.peer, '0x101'],
      [OUTER.peer, OUTER.gateway, '0x102'],
    ] as const
  ).map(
    ([from, to, spi]) =>
      `xfrm state add src ${from} dst ${to} proto esp spi ${spi} mode tunnel flag af-unspec ${selector} aead rfc4106(gcm(aes)) ${KEY} 128`,
  );
}

function policies(selector: string, side: 'gateway' | 'peer', isWide: boolean): string[] {
  const [local, remote] =
    side === 'gateway' ? [OUTER.gateway, OUTER.peer] : [OUTER.peer, OUTER.gateway];
  return NETWORKS.flatMap(([left, right]) => {
    const all = left.includes(':') ? '::/0' : '0.0.0.0/0';
    const [ours, theirs] = isWide ? [all, all] : side === 'gateway' ? [left, right] : [right, left];
    const line = (
      directions: readonly string[],
      from: string,
      to: string,
      ends: string,
    ): string[] =>
      directions.map(
        (direction) =>
          `xfrm policy add src ${from} dst ${to} dir ${direction} ${selector} tmpl ${ends} proto esp mode tunnel`,
      );
    return [
      ...line(['out'], ours, theirs, `src ${local} dst ${remote}`),
      ...line(['in', 'fwd'], theirs, ours, `src ${remote} dst ${local}`),
    ];
  });
}
