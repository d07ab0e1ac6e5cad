// The messages of one stream command on their way from the socket to a slower reader.

import type { Message } from './message.ts';

/** What reading can be stopped of; the returned function lets it go on. */
export interface Pausable {
  pause(): () => void;
}

/** Messages kept before reading from the socket stops. */
const HIGH_WATER = 256;

/**
 * charon queues without limit for a client that does not read, so reading may only stand still for a
 * while; after that the rest of the listing is kept here instead.
 */
export class ReplyStream implements AsyncIterableIterator<Message> {
  readonly #socket: Pausable;
  readonly #maxPauseMs: number;
  #messages: Message[] = [];
  #taken = 0;
  #ended = false;
  #error: Error | undefined;
  #resume: (() => void) | undefined;
  #pauseTimer: NodeJS.Timeout | undefined;
  #pauseSpent = false;
  #wake: (() => void) | undefined;

  constructor(socket: Pausable, maxPauseMs: number) {
    this.#socket = socket;
    this.#maxPauseMs = maxPauseMs;
  }

  push(message: Message): void {
    if (this.#ended) return;
    this.#messages.push(message);
    if (this.#messages.length - this.#taken >= HIGH_WATER) this.#pause();
    this.#wake?.();
  }

  end(error?: Error): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#error = error;
    this.#unpause();
    this.#wake?.();
  }

  async next(): Promise<IteratorResult<Message, undefined>> {
    for (;;) {
      const message = this.#messages[this.#taken];
      if (message !== undefined) {
        this.#taken += 1;
        this.#compact();
        return { done: false, value: message };
      }
      if (this.#error !== undefined) {
        const error = this.#error;
        this.#error = undefined;
        throw error;
      }
      if (this.#ended) return { done: true, value: undefined };
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      this.#wake = undefined;
    }
  }

  /** The reader left early: what is still to come is read from the socket and thrown away. */
  return(): Promise<IteratorResult<Message, undefined>> {
    this.#messages = [];
    this.#taken = 0;
    this.#error = undefined;
    if (!this.#ended) {
      this.#ended = true;
      this.#unpause();
      this.#wake?.();
    }
    return Promise.resolve({ done: true, value: undefined });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  #compact(): void {
    if (this.#taken < this.#messages.length) {
      if (this.#taken < HIGH_WATER) return;
      this.#messages = this.#messages.slice(this.#taken);
    } else {
      this.#messages = [];
      this.#unpause();
    }
    this.#taken = 0;
  }

  #pause(): void {
    if (this.#resume !== undefined || this.#pauseSpent) return;
    this.#resume = this.#socket.pause();
    this.#pauseTimer = setTimeout(() => {
      this.#pauseSpent = true;
      this.#unpause();
    }, this.#maxPauseMs);
  }

  #unpause(): void {
    clearTimeout(this.#pauseTimer);
    this.#resume?.();
    this.#resume = undefined;
  }
}
