// Programs that send a stream of pings.
//
// Manuals: fping(8), ping(8).

import type { ChildProcess } from 'node:child_process';
import type { Host } from './host.ts';

/**
 * Of an answer. Late is not lost: packets may be held, and the machine itself may stand still. fping forgets its pings
 * after so long whatever it is told.
 */
const LATEST_MILLISECONDS = 10_000;

export interface PingOptions {
  readonly address: string;
  readonly intervalSeconds: number;
  /** Where its lines go as they come. */
  readonly log: string;
}

export interface Pinger {
  /** Until SIGINT. In a guest, whose clock ticks every 10 ms, the interval is seldom shorter. */
  start(host: Host, options: PingOptions): ChildProcess;
  /** Numbers of the pings that were answered, from 0 on. */
  answersIn(text: string): readonly number[];
}

/** Sleeps between two pings. */
export const FPING: Pinger = {
  start: (host, { address, intervalSeconds, log }) => {
    const period = String(intervalSeconds * 1_000);
    const args = ['-l', '-p', period, '-i', '1', '-t', String(LATEST_MILLISECONDS), address];
    return host.spawn('fping', args, { outputFile: log });
  },
  answersIn: (text) => numbersIn(text, /^\S+ +: \[(\d+)\], \d+ bytes/gm, 0),
};

/**
 * Counts time by a clock that nobody can set. Spins where less than 10 ms are left until the next ping, which
 * keeps the only processor of a guest busy and makes everything beside it slow.
 */
export const PING: Pinger = {
  start: (host, { address, intervalSeconds, log }) =>
    host.spawn('ping', ['-n', '-i', String(intervalSeconds), address], { outputFile: log }),
  answersIn: (text) => numbersIn(text, /icmp_seq=(\d+) ttl/g, 1),
};

function numbersIn(text: string, form: RegExp, first: number): readonly number[] {
  return [...text.matchAll(form)].map(([, number]) => Number(number) - first);
}
