// The bounded queue between the event socket and one subscriber. The socket is always read, so a slow
// subscriber must lose something at some point; it is told exactly where and how much.

import type { Message } from './message.ts';

export type ViciEvent =
  /** One event of the daemon. */
  | {
      readonly type: 'event';
      readonly name: string;
      readonly message: Message;
      readonly generation: number;
    }
  /** So many events were dropped at this place because the queue was full: list again. */
  | { readonly type: 'lost'; readonly count: number; readonly generation: number }
  /**
   * The events are registered from here on. Also the first item of every subscription. What was known
   * from before is void: load again if the generation is new, then list.
   */
  | { readonly type: 'reset'; readonly generation: number };

export class EventQueue {
  readonly #limit: number;
  #items: ViciEvent[] = [];
  #head = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  get length(): number {
    return this.#items.length - this.#head;
  }

  push(event: ViciEvent): void {
    if (event.type === 'reset') {
      this.#reset(event);
      return;
    }
    const last = this.#items.at(-1);
    if (this.length < this.#limit || this.#items.length === this.#head) {
      this.#items.push(event);
      return;
    }
    const count = event.type === 'lost' ? event.count : 1;
    if (last?.type === 'lost') {
      this.#items[this.#items.length - 1] = { ...last, count: last.count + count };
    } else {
      this.#items.push({ type: 'lost', count, generation: event.generation });
    }
  }

  shift(): ViciEvent | undefined {
    const event = this.#items[this.#head];
    if (event === undefined) return undefined;
    this.#head += 1;
    if (this.#head === this.#items.length || this.#head > 1024) {
      this.#items = this.#items.slice(this.#head);
      this.#head = 0;
    }
    return event;
  }

  /** A reset always gets in: of a full queue it makes everything void, so that becomes one marker. */
  #reset(event: ViciEvent): void {
    if (this.length >= this.#limit) {
      let count = 0;
      for (let i = this.#head; i < this.#items.length; i++) {
        const item = this.#items[i];
        if (item?.type === 'event') count += 1;
        if (item?.type === 'lost') count += item.count;
      }
      this.#items = count === 0 ? [] : [{ type: 'lost', count, generation: event.generation }];
      this.#head = 0;
    }
    this.#items.push(event);
  }
}
