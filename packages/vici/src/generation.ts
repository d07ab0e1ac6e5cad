// Counts the lives of the daemon as far as they can be seen from here. Everything that was loaded lives in
// the daemon's memory only, and its exit shows as nothing but closed sockets; so a connection closed by
// the other side ends a generation, and the next one that opens begins the next.

export type ResetListener = (generation: number) => void;

export class Generations {
  #current = 0;
  #alive = false;
  readonly #listeners = new Set<ResetListener>();
  readonly #onLost: () => void;

  /** `onLost` is called when a generation ends, to give up the other connections of it. */
  constructor(onLost: () => void) {
    this.#onLost = onLost;
  }

  /** 0 until the first connection, then counting up. */
  get current(): number {
    return this.#current;
  }

  /** A connection was opened; says to which generation it belongs. */
  opened(): number {
    if (!this.#alive) {
      this.#alive = true;
      this.#current += 1;
      const generation = this.#current;
      // Later, so that a listener never runs in the middle of whoever opened the connection.
      queueMicrotask(() => {
        for (const listener of this.#listeners) listener(generation);
      });
    }
    return this.#current;
  }

  /** A connection of that generation was closed by the daemon. */
  lost(generation: number): void {
    if (!this.#alive || generation !== this.#current) return;
    this.#alive = false;
    this.#onLost();
  }

  get hasListeners(): boolean {
    return this.#listeners.size > 0;
  }

  listen(listener: ResetListener): () => void {
    // A wrapper of its own, so that the same function can listen twice and each stop ends one.
    const entry: ResetListener = (generation) => {
      listener(generation);
    };
    this.#listeners.add(entry);
    return () => {
      this.#listeners.delete(entry);
    };
  }
}
