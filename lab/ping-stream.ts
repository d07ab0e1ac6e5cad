// A stream of pings beside a change: what got lost is a gap in the numbers of the answers.

import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import type { Host } from './host.ts';
import { excusedPackets } from './none-lost.ts';
import { FPING, type Pinger } from './pinger.ts';
import { watchStalls } from './stalls.ts';
import { until } from './until.ts';

export interface StreamResult {
  readonly received: number;
  /** Numbers without an answer before the last one that had one: the very last may be on its way. */
  readonly lost: readonly number[];
  /** How many of them the machine itself may have cost. */
  readonly excused: number;
}

export interface PingStream {
  stop(): Promise<StreamResult>;
}

/** For people: `12 of 3400 packets lost`. */
export function lossLine({ received, lost }: StreamResult): string {
  return `${String(lost.length)} of ${String(received + lost.length)} packets lost`;
}

/** Returns when the first answers are there. */
export async function startPingStream(
  host: Host,
  address: string,
  intervalSeconds: number,
  pinger: Pinger = FPING,
): Promise<PingStream> {
  const log = host.file(`ping-${String(performance.now())}.log`);
  const endStalls = watchStalls();
  const ping = pinger.start(host, { address, intervalSeconds, log });
  const answered = async (): Promise<readonly number[]> =>
    pinger.answersIn(await readFile(log, 'utf8'));
  await until(`${host.name} hears ${address}`, async () => (await answered()).length > 2, 10_000);
  return {
    stop: async () => {
      const before = (await answered()).at(-1) ?? 0;
      // A stream that broke off would otherwise have no gap.
      await until('the stream goes on', async () => (await answered()).at(-1) !== before, 5_000);
      const excused = excusedPackets(endStalls(), 1 / intervalSeconds);
      ping.kill('SIGINT');
      await once(ping, 'exit');
      const numbers = await answered();
      const all = Array.from({ length: Math.max(...numbers) }, (_, index) => index);
      const heard = new Set(numbers);
      return { received: heard.size, lost: all.filter((number) => !heard.has(number)), excused };
    },
  };
}
