// Pings that go on through many changes: which of them were lost between two moments.

import type { ChildProcess } from 'node:child_process';
import { open } from 'node:fs/promises';
import type { Host } from '../host.ts';
import { FPING } from '../pinger.ts';
import { holdsWithin, until } from '../until.ts';

/** Until what is only late is there. */
const LATEST_MILLISECONDS = 3_000;

/** Pings without an answer, between two answered ones. */
export interface Losses {
  readonly sent: number;
  readonly lost: number;
}

export class Traffic {
  readonly #ping: ChildProcess;
  readonly #log: string;
  readonly #answered = new Set<number>();
  #last = 0;
  #offset = 0;
  #rest = '';
  #from = 0;

  private constructor(ping: ChildProcess, log: string) {
    this.#ping = ping;
    this.#log = log;
  }

  /** Returns with the first answers. */
  static async start(host: Host, address: string, intervalSeconds: number): Promise<Traffic> {
    const log = host.file(`traffic-${address}.log`);
    const traffic = new Traffic(FPING.start(host, { address, intervalSeconds, log }), log);
    await traffic.goesOn();
    return traffic;
  }

  /** Answers come that were asked for just now. */
  async goesOn(): Promise<void> {
    await this.#read();
    const before = this.#last;
    await until(
      `pings are answered after number ${String(before)}`,
      async () => {
        await this.#read();
        return this.#last > before + 2;
      },
      30_000,
    );
  }

  /** Begins to count. */
  async mark(): Promise<void> {
    await this.goesOn();
    this.#from = this.#last;
    this.#answered.clear();
  }

  /** Since the mark. What is only late is waited for: a packet may be held for a moment, and not its successor. */
  async losses(): Promise<Losses> {
    await this.goesOn();
    const to = this.#last;
    const numbers = Array.from({ length: to - this.#from }, (_, index) => this.#from + 1 + index);
    const lost = (): number => numbers.filter((number) => !this.#answered.has(number)).length;
    await holdsWithin(LATEST_MILLISECONDS, async () => {
      await this.#read();
      return lost() === 0;
    });
    return { sent: numbers.length, lost: lost() };
  }

  stop(): void {
    this.#ping.kill('SIGINT');
  }

  async #read(): Promise<void> {
    await using file = await open(this.#log);
    const { size } = await file.stat();
    const { buffer } = await file.read(
      Buffer.alloc(size - this.#offset),
      0,
      undefined,
      this.#offset,
    );
    this.#offset = size;
    const text = this.#rest + buffer.toString();
    const end = text.lastIndexOf('\n') + 1;
    this.#rest = text.slice(end);
    for (const number of FPING.answersIn(text.slice(0, end))) {
      if (number <= this.#from) continue;
      this.#answered.add(number);
      this.#last = Math.max(this.#last, number);
    }
  }
}
