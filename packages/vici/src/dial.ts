// Opens the socket to the daemon, one at a time.

import { connect, type NetConnectOpts, type Socket } from 'node:net';
import { ViciDisconnected, ViciTimeout } from './errors.ts';

// charon listens with a backlog of three. A full backlog of a UNIX socket shows as EAGAIN at once, which
// says "busy", not "away", so it is tried again within the deadline.
const BUSY_RETRY_MS = 20;

export class Dialer {
  readonly #address: NetConnectOpts;
  readonly #text: string;
  readonly #timeoutMs: number;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(address: NetConnectOpts, text: string, timeoutMs: number) {
    this.#address = address;
    this.#text = text;
    this.#timeoutMs = timeoutMs;
  }

  /** Connects after the connects before it ended, so that one client never fills the backlog. */
  dial(): Promise<Socket> {
    const turn = this.#turn.then(() => this.#connect());
    this.#turn = turn.catch(() => undefined);
    return turn;
  }

  async #connect(): Promise<Socket> {
    const deadline = performance.now() + this.#timeoutMs;
    for (;;) {
      const remainingMs = deadline - performance.now();
      if (remainingMs <= 0) throw new ViciTimeout(`connect to ${this.#text}`, this.#timeoutMs);
      try {
        return await this.#attempt(remainingMs);
      } catch (error) {
        if (!(error instanceof Error && 'code' in error && error.code === 'EAGAIN')) {
          if (error instanceof ViciTimeout) throw error;
          throw new ViciDisconnected(`cannot connect to ${this.#text}`, error);
        }
      }
      await new Promise((resolve) => setTimeout(resolve, BUSY_RETRY_MS));
    }
  }

  #attempt(timeoutMs: number): Promise<Socket> {
    return new Promise((resolve, reject) => {
      const socket = connect(this.#address);
      const timer = setTimeout(() => {
        socket.destroy(new ViciTimeout(`connect to ${this.#text}`, this.#timeoutMs));
      }, timeoutMs);
      socket.once('error', (error) => {
        clearTimeout(timer);
        reject(error);
      });
      socket.once('connect', () => {
        clearTimeout(timer);
        socket.removeAllListeners('error');
        resolve(socket);
      });
    });
  }
}
