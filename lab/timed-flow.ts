// Packets of one direction with the time at which the kernel of the receiving host got each.

import { readFile, stat } from 'node:fs/promises';
import { parsePacket, readFrames } from './capture.ts';
import { end } from './execute.ts';
import type { Host } from './host.ts';
import { DISCARD_PORT, PacketFlow } from './packet-flow.ts';
import { type Capture, startTcpdump } from './sniffer.ts';

/** Ethernet, IPv4 and UDP headers, and the packet's number. */
const CAPTURED_BYTES = 14 + 20 + 8 + 4;
const FILE_HEADER_BYTES = 24;
const RECORD_HEADER_BYTES = 16;

export interface Arrival {
  /** Milliseconds since 1970. */
  readonly at: number;
  /** In the order of sending, from 0 on. */
  readonly number: number;
}

export interface FlowDeclaration {
  readonly from: Host;
  readonly to: Host;
  /** IPv4, of `to`. */
  readonly address: string;
  /** Of `to`, where the packets arrive. */
  readonly interface: string;
}

export interface FlowResult {
  readonly sent: number;
  readonly lost: number;
  readonly arrivals: readonly Arrival[];
}

export class TimedFlow {
  readonly packetsPerSecond: number;
  readonly #flow: PacketFlow;
  readonly #capture: Capture;

  private constructor(flow: PacketFlow, packetsPerSecond: number, capture: Capture) {
    this.#flow = flow;
    this.packetsPerSecond = packetsPerSecond;
    this.#capture = capture;
  }

  /** Returns when the first packets are there. One flow to a host. */
  static async start(flow: FlowDeclaration, packetsPerSecond: number): Promise<TimedFlow> {
    const { from, to, address } = flow;
    const capture = await startTcpdump(to, flow.interface, [
      ...['-Q', 'in', '-s', String(CAPTURED_BYTES)],
      `udp dst port ${String(DISCARD_PORT)}`,
    ]);
    const packets = await PacketFlow.start(from, to, address, packetsPerSecond);
    return new TimedFlow(packets, packetsPerSecond, capture);
  }

  /** Packets that have arrived so far: costs a look at a file's size. */
  async arrived(): Promise<number> {
    const { size } = await stat(this.#capture.file);
    return Math.floor((size - FILE_HEADER_BYTES) / (RECORD_HEADER_BYTES + CAPTURED_BYTES));
  }

  async stop(): Promise<FlowResult> {
    const counts = await this.#flow.stop();
    await end(this.#capture.program, 'SIGTERM');
    return { ...counts, arrivals: arrivalsIn(await readFile(this.#capture.file)) };
  }
}

function arrivalsIn(capture: Buffer): readonly Arrival[] {
  return readFrames(capture).flatMap(({ at, bytes }) => {
    const payload = parsePacket(bytes)?.payload;
    return payload === undefined ? [] : [{ at, number: payload.readUInt32BE(8) }];
  });
}
