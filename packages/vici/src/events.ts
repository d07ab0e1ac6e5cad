// The event connection: kept open while anybody subscribes or wants to hear of resets, opened again with
// backoff when it is lost. It never stops reading, because charon queues without limit for a client that
// does not read.

import { type BackoffOptions, backoffMs } from './backoff.ts';
import type { Connection, ConnectionHandlers } from './connection.ts';
import { ViciDisconnected, ViciUnknownEvent } from './errors.ts';
import { EventSubscription } from './subscription.ts';

export interface OpenedConnection {
  readonly connection: Connection;
  readonly generation: number;
}

export interface EventHubOptions {
  readonly open: (handlers: ConnectionHandlers) => Promise<OpenedConnection>;
  readonly backoff: BackoffOptions;
  readonly timeoutMs: number;
  /** Whether the connection is wanted even without subscriptions. */
  readonly watch: () => boolean;
}

interface Life extends OpenedConnection {
  /** Subscriptions whose names are all registered on this connection. */
  readonly registered: Set<EventSubscription>;
}

export class EventHub {
  readonly #options: EventHubOptions;
  readonly #subscriptions = new Set<EventSubscription>();
  #life: Life | undefined;
  #running: Promise<void> | undefined;
  #stop = new AbortController();
  #endPause: () => void = () => undefined;

  constructor(options: EventHubOptions) {
    this.#options = options;
  }

  subscribe(events: readonly string[], limit: number, signal?: AbortSignal): EventSubscription {
    const onAbort = (): void => {
      subscription.close();
    };
    const subscription = new EventSubscription(events, limit, (closed) => {
      signal?.removeEventListener('abort', onAbort);
      this.#leave(closed);
    });
    if (signal?.aborted === true) {
      subscription.close();
      return subscription;
    }
    signal?.addEventListener('abort', onAbort, { once: true });
    this.#subscriptions.add(subscription);
    if (this.#life !== undefined) void this.#register(this.#life, subscription);
    this.update();
    return subscription;
  }

  /** Starts or ends the connection after a change of who wants it. */
  update(): void {
    if (!this.#wanted) {
      this.#stop.abort();
      this.#life?.connection.close(new ViciDisconnected('no events are wanted any more'));
      return;
    }
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined;
      // Somebody may have come while the last one was leaving.
      if (this.#wanted) this.update();
    });
  }

  /** The daemon was reached by somebody else: no need to wait any longer. */
  wake(): void {
    this.#endPause();
  }

  /** Ends every subscription and the connection; `watch` must say no from now on. */
  async close(): Promise<void> {
    for (const subscription of [...this.#subscriptions]) subscription.close();
    this.update();
    await this.#running;
  }

  get #wanted(): boolean {
    return this.#subscriptions.size > 0 || this.#options.watch();
  }

  async #run(): Promise<void> {
    this.#stop = new AbortController();
    const { signal } = this.#stop;
    let attempt = 0;
    while (this.#wanted && !signal.aborted) {
      attempt = (await this.#live()) ? 0 : attempt + 1;
      await this.#pause(backoffMs(attempt, this.#options.backoff), signal);
    }
  }

  #pause(ms: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        signal.removeEventListener('abort', done);
        resolve();
      };
      this.#endPause = done;
      const timer = setTimeout(done, ms);
      signal.addEventListener('abort', done, { once: true });
      if (signal.aborted) done();
    });
  }

  /** One life of the connection; false if it did not come about. */
  async #live(): Promise<boolean> {
    let onEnd: () => void = () => undefined;
    const ended = new Promise<void>((resolve) => {
      onEnd = resolve;
    });
    let opened: OpenedConnection;
    try {
      opened = await this.#options.open({
        onEvent: (name, message) => {
          this.#dispatch(name, message);
        },
        onClose: () => {
          onEnd();
        },
      });
    } catch {
      // The daemon is away; whoever makes a call is told so by that call.
      return false;
    }
    this.#life = { ...opened, registered: new Set() };
    // Closes it again if the last one left while it was being opened.
    this.update();
    for (const subscription of this.#subscriptions) void this.#register(this.#life, subscription);
    await ended;
    this.#life = undefined;
    for (const subscription of this.#subscriptions) subscription.suspend();
    return true;
  }

  #dispatch(
    name: string,
    message: Parameters<NonNullable<ConnectionHandlers['onEvent']>>[1],
  ): void {
    if (this.#life === undefined) return;
    const { generation } = this.#life;
    for (const subscription of this.#subscriptions) {
      if (subscription.events.includes(name)) {
        subscription.deliver({ type: 'event', name, message, generation });
      }
    }
  }

  async #register(life: Life, subscription: EventSubscription): Promise<void> {
    const { timeoutMs } = this.#options;
    const results = await Promise.allSettled(
      subscription.events.map((event) => life.connection.acquire(event, timeoutMs)),
    );
    const failures = results.flatMap((result): unknown[] =>
      result.status === 'rejected' ? [result.reason] : [],
    );
    if (failures.length === 0 && this.#subscriptions.has(subscription)) {
      if (this.#life !== life) return;
      life.registered.add(subscription);
      subscription.begin(life.generation);
      return;
    }
    // Closed meanwhile or refused: give back what was confirmed.
    subscription.events.forEach((event, index) => {
      if (results[index]?.status === 'fulfilled') life.connection.release(event, timeoutMs);
    });
    // Any other failure took the connection with it, and the next one registers again.
    const unknown = failures.find((failure) => failure instanceof ViciUnknownEvent);
    if (unknown !== undefined) subscription.fail(unknown);
  }

  #leave(subscription: EventSubscription): void {
    this.#subscriptions.delete(subscription);
    if (this.#life?.registered.delete(subscription) === true) {
      for (const event of subscription.events) {
        this.#life.connection.release(event, this.#options.timeoutMs);
      }
    }
    this.update();
  }
}
