// What a subscriber holds: an endless iterable of events that says when it begins, when it lost something
// and when the daemon began a new life.

import { EventQueue, type ViciEvent } from './event-queue.ts';

export class EventSubscription implements AsyncIterable<ViciEvent>, AsyncDisposable {
  /** The names this subscription wants, without repetitions. */
  readonly events: readonly string[];
  readonly #queue: EventQueue;
  readonly #limit: number;
  readonly #onClose: (subscription: EventSubscription) => void;
  /** Events that came while the registration of the others was still under way. */
  #held: EventQueue | undefined;
  readonly #readers: (() => void)[] = [];
  #closed = false;
  #error: Error | undefined;

  /** Made by `ViciClient.subscribe`. */
  constructor(
    events: readonly string[],
    limit: number,
    onClose: (subscription: EventSubscription) => void,
  ) {
    this.events = [...new Set(events)];
    this.#limit = limit;
    this.#queue = new EventQueue(limit);
    this.#held = new EventQueue(limit);
    this.#onClose = onClose;
  }

  /** Number of items not yet read. */
  get backlog(): number {
    return this.#queue.length;
  }

  /** Ends the subscription. A reader waiting in `for await` leaves its loop after the queued items. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#onClose(this);
    this.#wake();
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.close();
    return Promise.resolve();
  }

  [Symbol.asyncIterator](): AsyncIterator<ViciEvent, undefined> {
    return {
      next: () => this.#next(),
      return: () => {
        this.close();
        return Promise.resolve({ done: true, value: undefined });
      },
    };
  }

  /** @internal */
  deliver(event: ViciEvent): void {
    if (this.#closed) return;
    (this.#held ?? this.#queue).push(event);
    this.#wake();
  }

  /** @internal The event socket is gone; what comes next belongs behind the next reset. */
  suspend(): void {
    this.#held = new EventQueue(this.#limit);
  }

  /** @internal All names are registered. */
  begin(generation: number): void {
    const held = this.#held;
    this.#held = undefined;
    this.deliver({ type: 'reset', generation });
    for (let event = held?.shift(); event !== undefined; event = held?.shift()) this.deliver(event);
  }

  /** @internal The reader gets this error after what is queued. */
  fail(error: Error): void {
    this.#error ??= error;
    this.close();
  }

  async #next(): Promise<IteratorResult<ViciEvent, undefined>> {
    for (;;) {
      const event = this.#queue.shift();
      if (event !== undefined) return { done: false, value: event };
      if (this.#error !== undefined) {
        const error = this.#error;
        this.#error = undefined;
        throw error;
      }
      if (this.#closed) return { done: true, value: undefined };
      await new Promise<void>((resolve) => {
        this.#readers.push(resolve);
      });
    }
  }

  #wake(): void {
    for (const reader of this.#readers.splice(0)) reader();
  }
}
