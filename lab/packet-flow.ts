// Packets of one direction, counted by the program that sends them and by the kernel of the host that gets them:
// far cheaper than pings, which matters where a guest with one processor does everything.

import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Host } from './host.ts';
import { excusedPackets } from './none-lost.ts';
import { projectDirectory } from './paths.ts';
import { watchStalls } from './stalls.ts';
import { holdsWithin, until } from './until.ts';

/** RFC 863. */
export const DISCARD_PORT = 9;

/** What comes later is lost. */
const LATEST_MILLISECONDS = 3_000;

/** Counts from nothing, also the second time. */
const SINK = `add table inet lab_flow
delete table inet lab_flow
table inet lab_flow {
  chain input {
    type filter hook input priority 0
    udp dport ${String(DISCARD_PORT)} counter drop
  }
}
`;

export interface FlowCounts {
  readonly sent: number;
  readonly lost: number;
  /** How many of them the machine itself may have cost. */
  readonly excused: number;
}

export class PacketFlow {
  readonly #to: Host;
  readonly #sender: ChildProcess;
  readonly #log: string;
  readonly #packetsPerSecond: number;
  readonly #endStalls: () => number = watchStalls();

  private constructor(to: Host, sender: ChildProcess, log: string, packetsPerSecond: number) {
    this.#to = to;
    this.#sender = sender;
    this.#log = log;
    this.#packetsPerSecond = packetsPerSecond;
  }

  /** Returns when the first packets are there. One flow to a host. */
  static async start(
    from: Host,
    to: Host,
    address: string,
    packetsPerSecond: number,
  ): Promise<PacketFlow> {
    await to.mustExec('nft', ['-f', '-'], { input: SINK });
    const log = from.file(`flow-${String(performance.now())}.log`);
    const sender = from.spawn(
      process.execPath,
      [join(projectDirectory, 'lab', 'send-packets.ts'), address, String(packetsPerSecond)],
      { outputFile: log },
    );
    const flow = new PacketFlow(to, sender, log, packetsPerSecond);
    await until(`${to.name} gets packets`, async () => (await flow.#received()) > 0, 20_000);
    return flow;
  }

  /** Of all that were sent. */
  async stop(): Promise<FlowCounts> {
    const excused = excusedPackets(this.#endStalls(), this.#packetsPerSecond);
    // One that has ended by itself has said why, and ends no more.
    if (this.#sender.kill('SIGTERM')) await once(this.#sender, 'exit');
    const words = await readFile(this.#log, 'utf8');
    if (!/^\d+\n$/.test(words)) throw new Error(`the sender of packets failed: ${words}`);
    const sent = Number(words);
    await holdsWithin(LATEST_MILLISECONDS, async () => (await this.#received()) === sent);
    return { sent, lost: sent - (await this.#received()), excused };
  }

  async #received(): Promise<number> {
    const words = await this.#to.mustExec('nft', ['list', 'table', 'inet', 'lab_flow']);
    return Number(/packets (\d+)/.exec(words)?.[1]);
  }
}
