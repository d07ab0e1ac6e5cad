// One duplex stream to the daemon: writes requests, pairs replies by order, hands out events.
//
// charon answers the requests of one connection strictly in order and replies carry no id, so a queue of
// expected replies is all the pairing there is. A request that misses its deadline leaves the stream in
// an unknown state (its answer may come late, or never: replies over 512 KiB are dropped by the daemon).
// The stream is then discarded and everything behind that request fails with it.

import type { Duplex } from 'node:stream';
import {
  ViciDisconnected,
  ViciError,
  ViciProtocolError,
  ViciTimeout,
  ViciUnknownCommand,
  ViciUnknownEvent,
} from './errors.ts';
import { Message } from './message.ts';
import { decodeMessage } from './message-decode.ts';
import { decodePacket, encodePacket, Framer, type Packet } from './packet.ts';
import { abortError } from './wait.ts';

/** Why a connection ended: by our own wish, by the daemon, or given up because it was out of step. */
export type CloseReason = 'local' | 'peer' | 'discarded';

export interface ConnectionHandlers {
  /** Events that belong to no stream command in progress. */
  readonly onEvent?: (name: string, message: Message) => void;
  readonly onClose?: (reason: CloseReason, error: ViciError) => void;
}

export interface RequestOptions {
  readonly timeoutMs: number;
  /** An aborted request stays in the queue until its reply came, so that the order holds. */
  readonly signal?: AbortSignal | undefined;
  /** The event by which the command streams, and who takes its messages. */
  readonly stream?:
    | { readonly event: string; readonly take: (message: Message) => void }
    | undefined;
}

interface Expected {
  readonly kind: 'command' | 'registration';
  readonly name: string;
  readonly timeoutMs: number;
  readonly stream: RequestOptions['stream'];
  readonly settle: (error: ViciError | undefined, message: Message) => void;
  timer: NodeJS.Timeout | undefined;
}

interface Registration {
  users: number;
  readonly ready: Promise<void>;
}

export class Connection {
  readonly #socket: Duplex;
  readonly #handlers: ConnectionHandlers;
  readonly #framer = new Framer();
  /** Replies still to come, oldest first; a settled entry stays until its reply was read. */
  #expected: Expected[] = [];
  readonly #registrations = new Map<string, Registration>();
  #closed: { readonly reason: CloseReason; readonly error: ViciError } | undefined;
  #pauses = 0;

  constructor(socket: Duplex, handlers: ConnectionHandlers = {}) {
    this.#socket = socket;
    this.#handlers = handlers;
    socket.on('data', (chunk: Uint8Array) => {
      this.#receive(chunk);
    });
    socket.on('error', (cause: Error) => {
      this.#close('peer', new ViciDisconnected('the connection to the daemon broke', cause));
    });
    const ended = (): void => {
      this.#close('peer', new ViciDisconnected('the daemon closed the connection'));
    };
    socket.on('end', ended);
    socket.on('close', ended);
  }

  /** Number of replies still to come. */
  get pending(): number {
    return this.#expected.length;
  }

  get isOpen(): boolean {
    return this.#closed === undefined;
  }

  /** Sends a command; resolves with its reply, whatever `success` says. */
  request(command: string, body: Uint8Array, options: RequestOptions): Promise<Message> {
    return this.#send('command', command, options, () =>
      encodePacket({ type: 'command-request', name: command, body }),
    );
  }

  /**
   * Registers for an event, once per connection however many want it: registering twice would make
   * charon deliver every event twice.
   */
  acquire(event: string, timeoutMs: number): Promise<void> {
    const known = this.#registrations.get(event);
    if (known !== undefined) {
      known.users += 1;
      return known.ready;
    }
    const ready = this.#register('event-register', event, timeoutMs).catch((error: unknown) => {
      this.#registrations.delete(event);
      throw error;
    });
    this.#registrations.set(event, { users: 1, ready });
    return ready;
  }

  /** Gives an acquired event back; the last one to do so unregisters it. */
  release(event: string, timeoutMs: number): void {
    const known = this.#registrations.get(event);
    if (known === undefined || this.#closed !== undefined) return;
    known.users -= 1;
    if (known.users > 0) return;
    this.#registrations.delete(event);
    // Nobody waits for the answer, and its loss means the connection is gone and the registration too.
    this.#register('event-unregister', event, timeoutMs).catch(() => undefined);
  }

  /** Stops reading until the returned function is called. The deadlines stand still meanwhile. */
  pause(): () => void {
    this.#pauses += 1;
    if (this.#pauses === 1) {
      this.#socket.pause();
      for (const expected of this.#expected) this.#stopTimer(expected);
    }
    let paused = true;
    return () => {
      if (!paused) return;
      paused = false;
      this.#pauses -= 1;
      if (this.#pauses > 0 || this.#closed !== undefined) return;
      for (const expected of this.#expected) this.#startTimer(expected);
      this.#socket.resume();
    };
  }

  close(error: ViciError): void {
    this.#close('local', error);
  }

  #register(
    type: 'event-register' | 'event-unregister',
    event: string,
    timeoutMs: number,
  ): Promise<void> {
    return this.#send('registration', event, { timeoutMs }, () =>
      encodePacket({ type, name: event }),
    ).then(() => undefined);
  }

  #send(
    kind: Expected['kind'],
    name: string,
    options: RequestOptions,
    encode: () => Uint8Array,
  ): Promise<Message> {
    const { signal, timeoutMs, stream } = options;
    return new Promise((resolve, reject) => {
      signal?.throwIfAborted();
      if (this.#closed !== undefined) throw lostReply(name, this.#closed.error);
      const frame = encode();
      const onAbort = (): void => {
        if (signal !== undefined) reject(abortError(signal));
      };
      const expected: Expected = {
        kind,
        name,
        timeoutMs,
        stream,
        timer: undefined,
        settle: (error, message) => {
          signal?.removeEventListener('abort', onAbort);
          if (error === undefined) resolve(message);
          else reject(error);
        },
      };
      signal?.addEventListener('abort', onAbort, { once: true });
      this.#expected.push(expected);
      if (this.#pauses === 0) this.#startTimer(expected);
      this.#socket.write(frame);
    });
  }

  #startTimer(expected: Expected): void {
    clearTimeout(expected.timer);
    expected.timer = setTimeout(() => {
      const { name, timeoutMs } = expected;
      expected.timer = undefined;
      expected.settle(new ViciTimeout(name, timeoutMs), Message.empty);
      // Behind a listing that still moves, the stream is in step: only this caller has waited too long.
      const head = this.#expected[0];
      if (head !== expected && head?.stream !== undefined && head.timer !== undefined) return;
      this.#close(
        'discarded',
        new ViciDisconnected(
          `the connection was given up because ${name} was not answered in time`,
        ),
      );
    }, expected.timeoutMs);
  }

  #stopTimer(expected: Expected): void {
    clearTimeout(expected.timer);
    expected.timer = undefined;
  }

  #receive(chunk: Uint8Array): void {
    try {
      this.#framer.push(chunk, (segment) => {
        if (this.#closed === undefined) this.#dispatch(decodePacket(segment));
      });
    } catch (error) {
      this.#close(
        'discarded',
        error instanceof ViciError ? error : new ViciProtocolError('unreadable packet', error),
      );
    }
  }

  #dispatch(packet: Packet): void {
    switch (packet.type) {
      case 'event':
        this.#deliver(packet.name, decodeMessage(packet.body));
        return;
      case 'command-response': {
        // Before the call leaves the queue: an unreadable reply must still fail it.
        const reply = decodeMessage(packet.body);
        this.#next('command', packet.type).settle(undefined, reply);
        return;
      }
      case 'command-unknown': {
        const expected = this.#next('command', packet.type);
        expected.settle(new ViciUnknownCommand(expected.name), Message.empty);
        return;
      }
      case 'event-confirm':
        this.#next('registration', packet.type).settle(undefined, Message.empty);
        return;
      case 'event-unknown': {
        const expected = this.#next('registration', packet.type);
        expected.settle(new ViciUnknownEvent(expected.name), Message.empty);
        return;
      }
      default:
        throw new ViciProtocolError(`the daemon sent a ${packet.type} packet`);
    }
  }

  #deliver(name: string, message: Message): void {
    // Streamed events come between the command's turn and its reply, so only the oldest can own them.
    const head = this.#expected[0];
    if (head?.stream?.event !== name) {
      this.#handlers.onEvent?.(name, message);
      return;
    }
    head.timer?.refresh();
    head.stream.take(message);
  }

  #next(kind: Expected['kind'], answer: string): Expected {
    const expected = this.#expected[0];
    if (expected?.kind !== kind) {
      throw new ViciProtocolError(
        expected === undefined
          ? `${answer} without a request`
          : `${answer} where the answer to ${expected.name} was due`,
      );
    }
    this.#expected.shift();
    clearTimeout(expected.timer);
    const next = this.#expected[0];
    if (next !== undefined && next.timer === undefined && this.#pauses === 0) {
      this.#startTimer(next);
    }
    return expected;
  }

  #close(reason: CloseReason, error: ViciError): void {
    if (this.#closed !== undefined) return;
    this.#closed = { reason, error };
    this.#socket.destroy();
    const expected = this.#expected;
    this.#expected = [];
    this.#registrations.clear();
    for (const one of expected) {
      clearTimeout(one.timer);
      one.settle(lostReply(one.name, error), Message.empty);
    }
    this.#handlers.onClose?.(reason, error);
  }
}

/** The error of one call on a connection that ended: same kind, but saying which call it hit. */
function lostReply(name: string, error: ViciError): ViciError {
  return error instanceof ViciDisconnected
    ? new ViciDisconnected(`${name}: ${error.message}`, error.cause)
    : error;
}
