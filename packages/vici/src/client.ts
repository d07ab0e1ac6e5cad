// The public face: one object per daemon. It opens sockets when they are needed, puts every call on the
// right lane with a deadline, and turns answers into values or typed errors.

import { parseAddress } from './address.ts';
import type { BackoffOptions } from './backoff.ts';
import type { CallOptions } from './command-set.ts';
import { CredentialCommands } from './commands-credential.ts';
import { Connection, type ConnectionHandlers } from './connection.ts';
import { Dialer } from './dial.ts';
import { ViciClosed, ViciCommandError, ViciDisconnected, ViciUnknownEvent } from './errors.ts';
import { EventHub, type OpenedConnection } from './events.ts';
import { Generations, type ResetListener } from './generation.ts';
import { ExclusiveLane, type LaneName, PipelinedLane } from './lanes.ts';
import type { Message, MessageInput } from './message.ts';
import { encodeMessage } from './message-encode.ts';
import { ReplyStream } from './reply-stream.ts';
import type { EventSubscription } from './subscription.ts';
import { within } from './wait.ts';

export interface ViciClientOptions {
  /** `/path`, `unix:///path` or `tcp://host:port`. */
  readonly socket: string;
  /** Deadline of a call whose options name none. Default 10,000. */
  readonly callTimeoutMs?: number;
  /** Deadline for opening one socket. Default 5,000. */
  readonly connectTimeoutMs?: number;
  /** Connections for queries (default 2) and for blocking calls (default 2). */
  readonly queryConnections?: number;
  readonly longConnections?: number;
  /** How long a slow reader of a listing may hold the daemon's output back. Default 2,000. */
  readonly maxPauseMs?: number;
  /** Delays between attempts to open the event connection again. Default 100 to 5,000, with jitter. */
  readonly reconnect?: Partial<BackoffOptions>;
}

export interface SubscribeOptions {
  readonly signal?: AbortSignal | undefined;
  /** Events kept for a slow reader before a `lost` marker takes their place. Default 1,024. */
  readonly limit?: number | undefined;
}

const DEFAULT_EVENT_LIMIT = 1024;

const QUERIES = /^(?:version|stats|get-.*|list-.*)$/;
const BLOCKING = new Set(['initiate', 'terminate']);

export class ViciClient extends CredentialCommands implements AsyncDisposable {
  readonly callTimeoutMs: number;
  readonly #maxPauseMs: number;
  readonly #dialer: Dialer;
  readonly #connections = new Set<Connection>();
  readonly #generations: Generations;
  readonly #config: PipelinedLane;
  readonly #query: PipelinedLane;
  readonly #long: ExclusiveLane;
  readonly #events: EventHub;
  readonly #supported = new Map<string, { generation: number; answer: boolean }>();
  #closed = false;

  constructor(options: ViciClientOptions) {
    super();
    this.callTimeoutMs = options.callTimeoutMs ?? 10_000;
    this.#maxPauseMs = options.maxPauseMs ?? 2_000;
    const address = parseAddress(options.socket);
    this.#dialer = new Dialer(address, options.socket, options.connectTimeoutMs ?? 5_000);
    this.#generations = new Generations(() => {
      // What the daemon closed once, it has closed altogether.
      for (const connection of this.#connections) {
        connection.close(new ViciDisconnected('the daemon closed the connection'));
      }
    });
    const open = async (): Promise<Connection> => {
      const { connection } = await this.#open({});
      this.#events.wake();
      return connection;
    };
    this.#config = new PipelinedLane(open, 1);
    this.#query = new PipelinedLane(open, options.queryConnections ?? 2);
    this.#long = new ExclusiveLane(open, options.longConnections ?? 2);
    this.#events = new EventHub({
      open: (handlers) => this.#open(handlers),
      timeoutMs: this.callTimeoutMs,
      backoff: { initialMs: 100, maxMs: 5_000, random: Math.random, ...options.reconnect },
      watch: () => this.#generations.hasListeners && !this.#closed,
    });
  }

  /** The daemon's lives seen so far: 0 before the first connection, one more after each loss. */
  get generation(): number {
    return this.#generations.current;
  }

  /**
   * Calls back at the beginning of each generation, the first one included, when nothing is loaded in the
   * daemon (or nobody can know). Keeps a connection open to notice. Returns the way to stop.
   */
  onReset(listener: ResetListener): () => void {
    const stop = this.#generations.listen(listener);
    this.#events.update();
    return () => {
      stop();
      this.#events.update();
    };
  }

  override async call(
    command: string,
    message: MessageInput = {},
    options: CallOptions = {},
  ): Promise<Message> {
    const body = encodeMessage(message);
    const { signal } = options;
    const reply = await this.#on(command, options, (connection, timeoutMs) =>
      connection.request(command, body, { timeoutMs, signal }),
    );
    throwIfRefused(command, reply);
    return reply;
  }

  override async *stream(
    command: string,
    event: string,
    message: MessageInput = {},
    options: CallOptions = {},
  ): AsyncGenerator<Message, void, undefined> {
    const body = encodeMessage(message);
    const { signal, timeoutMs = this.callTimeoutMs } = options;
    const lease = await this.#lease(command, options);
    const { connection } = lease;
    try {
      await within(connection.acquire(event, timeoutMs), { what: event, timeoutMs, signal });
    } catch (error) {
      lease.release();
      throw error;
    }
    const replies = new ReplyStream(connection, this.#maxPauseMs);
    const finished = (): void => {
      connection.release(event, timeoutMs);
      lease.release();
    };
    connection
      .request(command, body, {
        timeoutMs,
        signal,
        stream: {
          event,
          take: (item) => {
            replies.push(item);
          },
        },
      })
      .then((reply) => {
        finished();
        throwIfRefused(command, reply);
        replies.end();
      })
      .catch((error: unknown) => {
        finished();
        replies.end(error instanceof Error ? error : new Error(String(error)));
      });
    yield* replies;
  }

  /**
   * Events as they come, from the moment all names are registered, which its first item (`reset`) marks.
   * Survives the daemon. A name the daemon does not know ends it with `ViciUnknownEvent`.
   */
  subscribe(events: readonly string[], options: SubscribeOptions = {}): EventSubscription {
    if (this.#closed) throw new ViciClosed('subscribe');
    return this.#events.subscribe(events, options.limit ?? DEFAULT_EVENT_LIMIT, options.signal);
  }

  /** Whether this daemon knows an event, e.g. `alert` (since 6.0.3). */
  async supports(event: string, options: CallOptions = {}): Promise<boolean> {
    const known = this.#supported.get(event);
    if (known?.generation === this.generation) return known.answer;
    const onQuery: CallOptions = { lane: 'query', ...options };
    const answer = await this.#on(event, onQuery, async (connection, timeoutMs) => {
      try {
        await connection.acquire(event, timeoutMs);
      } catch (error) {
        if (error instanceof ViciUnknownEvent) return false;
        throw error;
      }
      connection.release(event, timeoutMs);
      return true;
    });
    this.#supported.set(event, { generation: this.generation, answer });
    return answer;
  }

  /** Ends every call, subscription and connection. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const connection of this.#connections) connection.close(new ViciClosed('call'));
    await this.#events.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #on<T>(
    command: string,
    options: CallOptions,
    use: (connection: Connection, timeoutMs: number) => Promise<T>,
  ): Promise<T> {
    const startedMs = performance.now();
    const lease = await this.#lease(command, options);
    try {
      const timeoutMs = options.timeoutMs ?? this.callTimeoutMs;
      // A blocking call may have waited for its turn, which is not the daemon's silence.
      const spentMs = lease.exclusive ? 0 : performance.now() - startedMs;
      return await use(lease.connection, Math.max(1, timeoutMs - spentMs));
    } finally {
      lease.release();
    }
  }

  async #lease(
    command: string,
    options: CallOptions,
  ): Promise<{ connection: Connection; exclusive: boolean; release: () => void }> {
    if (this.#closed) throw new ViciClosed(command);
    const { signal, timeoutMs = this.callTimeoutMs, lane = laneOf(command) } = options;
    if (lane === 'long') {
      const connection = await this.#long.take(signal);
      let held = true;
      return {
        connection,
        exclusive: true,
        release: () => {
          if (held) this.#long.release(connection);
          held = false;
        },
      };
    }
    const slot = (lane === 'config' ? this.#config : this.#query).take();
    const connection = await within(slot, { what: command, timeoutMs, signal });
    return { connection, exclusive: false, release: () => undefined };
  }

  async #open(handlers: ConnectionHandlers): Promise<OpenedConnection> {
    const socket = await this.#dialer.dial();
    if (this.#closed) {
      socket.destroy();
      throw new ViciClosed('connect');
    }
    const generation = this.#generations.opened();
    const connection: Connection = new Connection(socket, {
      ...handlers,
      onClose: (reason, error) => {
        this.#connections.delete(connection);
        handlers.onClose?.(reason, error);
        if (reason === 'peer') this.#generations.lost(generation);
      },
    });
    this.#connections.add(connection);
    return { connection, generation };
  }
}

function laneOf(command: string): LaneName {
  if (BLOCKING.has(command)) return 'long';
  return QUERIES.test(command) ? 'query' : 'config';
}

function throwIfRefused(command: string, reply: Message): void {
  if (!reply.has('success') || reply.flag('success')) return;
  throw new ViciCommandError(command, reply.text('errmsg') ?? 'no reason given', {
    matches: reply.integer('matches'),
    terminated: reply.integer('terminated'),
  });
}
