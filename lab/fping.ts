// A stream of pings that sleeps between two of them. ping(8) spins where less than 10 ms are left until the
// next one, which keeps the only processor of a guest busy and makes everything beside it slow.
//
// Manual: fping(8).

import type { ChildProcess } from 'node:child_process';
import type { Host } from './host.ts';

/** An answer that comes later is none. */
const LATEST_MILLISECONDS = 3_000;

export interface FpingOptions {
  readonly address: string;
  readonly intervalSeconds: number;
  /** Where its lines go as they come. */
  readonly log: string;
}

/** Until SIGINT. In a guest, whose clock ticks every 10 ms, the interval is seldom shorter. */
export function startFping(
  host: Host,
  { address, intervalSeconds, log }: FpingOptions,
): ChildProcess {
  const period = String(intervalSeconds * 1_000);
  const args = ['-l', '-p', period, '-i', '1', '-t', String(LATEST_MILLISECONDS), address];
  return host.spawn('fping', args, { outputFile: log });
}

/** Numbers of the pings that were answered, the first one is 0. */
export function answersIn(text: string): readonly number[] {
  return [...text.matchAll(/^\S+ +: \[(\d+)\], \d+ bytes/gm)].map(([, number]) => Number(number));
}
