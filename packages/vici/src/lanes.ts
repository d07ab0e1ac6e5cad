// Which connection a call travels on.
//
// config  one connection, pipelined: calls reach the daemon in the order they were made.
// query   a few connections, pipelined: each call takes the one with the fewest replies outstanding.
// long    a few connections, one call at a time each: a blocking initiate or terminate holds a worker
//         thread of the daemon and everything behind it on the same connection.
//
// Their number is small on purpose: charon accepts with a backlog of three and serves each connection that
// has work with a thread of its own, 16 threads in all by default.

import type { Connection } from './connection.ts';
import { ViciDisconnected } from './errors.ts';
import { abortError } from './wait.ts';

export type LaneName = 'config' | 'query' | 'long';

export type OpenConnection = () => Promise<Connection>;

/** Connections that each serve many calls at once, in order. */
export class PipelinedLane {
  readonly #open: OpenConnection;
  #slots: readonly Promise<Connection>[] = [];
  readonly #connections = new Map<Promise<Connection>, Connection>();
  readonly #size: number;

  constructor(open: OpenConnection, size: number) {
    this.#open = open;
    this.#size = size;
  }

  /**
   * The connection for the next call. It always comes through the same promise, so that calls waiting for
   * a connect keep their order with those made right after it.
   */
  take(): Promise<Connection> {
    this.#forgetClosed();
    let best: Promise<Connection> | undefined;
    let bestLoad = Number.POSITIVE_INFINITY;
    for (const slot of this.#slots) {
      // One that is still connecting counts as idle: another connect would not be faster.
      const load = this.#connections.get(slot)?.pending ?? 0;
      if (load < bestLoad) [best, bestLoad] = [slot, load];
    }
    if (best !== undefined && (bestLoad === 0 || this.#slots.length >= this.#size)) return best;
    return this.#add();
  }

  #add(): Promise<Connection> {
    const slot = this.#open();
    this.#slots = [...this.#slots, slot];
    slot.then(
      (connection) => this.#connections.set(slot, connection),
      () => {
        this.#remove(slot);
      },
    );
    return slot;
  }

  #forgetClosed(): void {
    for (const [slot, connection] of this.#connections) {
      if (!connection.isOpen) this.#remove(slot);
    }
  }

  #remove(slot: Promise<Connection>): void {
    this.#connections.delete(slot);
    this.#slots = this.#slots.filter((one) => one !== slot);
  }
}

/** Connections that serve one call at a time; further calls wait for a free one. */
export class ExclusiveLane {
  readonly #open: OpenConnection;
  readonly #size: number;
  readonly #idle: Connection[] = [];
  readonly #waiting: (() => void)[] = [];
  #inUse = 0;

  constructor(open: OpenConnection, size: number) {
    this.#open = open;
    this.#size = size;
  }

  /** A connection of one's own; give it back with `release`, also after a failure. */
  async take(signal?: AbortSignal): Promise<Connection> {
    if (this.#inUse >= this.#size) await this.#turn(signal);
    else this.#inUse += 1;
    try {
      signal?.throwIfAborted();
      for (;;) {
        const connection = this.#idle.pop() ?? (await this.#open());
        if (connection.isOpen) return connection;
      }
    } catch (error) {
      this.#free();
      throw error;
    }
  }

  release(connection: Connection): void {
    // After an abort the reply is still to come, and the next call would only queue behind it.
    if (connection.pending > 0) connection.close(new ViciDisconnected('the call was given up'));
    if (connection.isOpen) this.#idle.push(connection);
    this.#free();
  }

  #free(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#inUse -= 1;
    else next();
  }

  #turn(signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const onAbort = (): void => {
        this.#waiting.splice(this.#waiting.indexOf(go), 1);
        if (signal !== undefined) reject(abortError(signal));
      };
      const go = (): void => {
        signal?.removeEventListener('abort', onAbort);
        resolve();
      };
      signal?.addEventListener('abort', onAbort, { once: true });
      this.#waiting.push(go);
    });
  }
}
