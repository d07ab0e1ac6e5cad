// Looks at an interface with tcpdump and says what went by: encrypted, IKE, or in clear.

import { type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { BlockList, isIPv6 } from 'node:net';
import { kindOf, type Packet, parsePacket, readFrames } from './capture.ts';
import { end } from './execute.ts';
import type { Host } from './host.ts';
import { until } from './until.ts';

export interface SniffOptions {
  /** Prefixes behind the gateways: a packet from or to one of them must not be seen here. */
  readonly innerPrefixes: readonly string[];
}

export interface Seen {
  readonly esp: number;
  readonly espInUdp: number;
  readonly ike: number;
  /** Each packet from or to an inner prefix that was readable, as `10.1.0.2 > 10.2.0.2 proto 1`. */
  readonly clear: readonly string[];
}

export class Sniffer {
  readonly #host: Host;
  readonly #interface: string;
  readonly #file: string;
  readonly #process: ChildProcess;
  readonly #inner: BlockList;
  #marks = 0;

  private constructor(
    host: Host,
    device: string,
    file: string,
    program: ChildProcess,
    inner: BlockList,
  ) {
    this.#host = host;
    this.#interface = device;
    this.#file = file;
    this.#process = program;
    this.#inner = inner;
  }

  /** @internal Called by host.sniff(). */
  static async start(
    host: Host,
    device: string,
    { innerPrefixes }: SniffOptions,
  ): Promise<Sniffer> {
    const { file, program } = await startTcpdump(host, device, []);
    return new Sniffer(host, device, file, program, prefixList(innerPrefixes));
  }

  /** What was seen until now; complete up to the moment of the call. */
  async seen(): Promise<Seen> {
    return this.#count(await this.packets());
  }

  /** As seen(), each for itself, for questions that the counts do not answer. */
  async packets(): Promise<readonly Packet[]> {
    const mark = await this.#mark();
    return until(
      `tcpdump on ${this.#interface} of ${this.#host.name} wrote all it saw`,
      async () => {
        const frames = readFrames(await readFile(this.#file));
        if (!frames.some(({ bytes }) => bytes.includes(mark))) return undefined;
        return frames
          .map(({ bytes }) => parsePacket(bytes))
          .filter((packet) => packet !== undefined);
      },
      10_000,
    );
  }

  /** As seen(), and ends the sniffer. */
  async stop(): Promise<Seen> {
    try {
      return await this.seen();
    } finally {
      await end(this.#process, 'SIGTERM');
    }
  }

  /**
   * Sends a packet with a known payload over the interface, after all that is to be counted: once
   * the capture has it, it has everything before. To all nodes of the link, so no router passes it.
   */
  async #mark(): Promise<Buffer> {
    this.#marks += 1;
    const mark = Buffer.from([0x5a, 0x11, 0x19, 0x02, 0x7e, ...serial(this.#marks)]);
    const ping = this.#host.spawn('ping', [
      ...['-6', '-n', '-q', '-c', '1', '-W', '1', '-p', mark.toString('hex')],
      `ff02::1%${this.#interface}`,
    ]);
    await once(ping, 'exit');
    return mark;
  }

  #count(packets: readonly Packet[]): Seen {
    const total = { esp: 0, espInUdp: 0, ike: 0 };
    const clear: string[] = [];
    for (const packet of packets) {
      const kind = kindOf(packet);
      if (kind !== 'other' && kind !== 'keepalive') total[kind] += 1;
      const { source, destination, protocol } = packet;
      if ([source, destination].some((address) => contains(this.#inner, address))) {
        clear.push(`${source} > ${destination} proto ${String(protocol)}`);
      }
    }
    return { ...total, clear };
  }
}

/** A tcpdump at work. */
export interface Capture {
  /** In pcap format, complete as far as packets have come. */
  readonly file: string;
  readonly program: ChildProcess;
}

/** Returns when it listens. `args` of tcpdump(1), a filter last. */
export async function startTcpdump(
  host: Host,
  device: string,
  args: readonly string[],
): Promise<Capture> {
  const file = host.file(`sniff-${device}-${String(performance.now())}.pcap`);
  const log = `${file}.log`;
  const always = ['-i', device, '-p', '-n', '-U', '--immediate-mode', '-Z', 'root', '-w', file];
  const program = host.spawn('tcpdump', [...always, ...args], { outputFile: log });
  await until(
    `tcpdump listens on ${device} of ${host.name}`,
    async () => {
      if (program.exitCode !== null) throw new Error(await readFile(log, 'utf8'));
      return (await readFile(log, 'utf8')).includes('listening on');
    },
    10_000,
  );
  return { file, program };
}

function serial(number: number): readonly number[] {
  return [(number >> 16) & 0xff, (number >> 8) & 0xff, number & 0xff];
}

function prefixList(prefixes: readonly string[]): BlockList {
  const list = new BlockList();
  for (const prefix of prefixes) {
    const [address = '', length = ''] = prefix.split('/');
    list.addSubnet(address, Number(length), isIPv6(address) ? 'ipv6' : 'ipv4');
  }
  return list;
}

function contains(list: BlockList, address: string): boolean {
  return list.check(address, isIPv6(address) ? 'ipv6' : 'ipv4');
}
