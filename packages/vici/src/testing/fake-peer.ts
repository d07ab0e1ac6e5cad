// One client's connection to the fake daemon, with the manners of charon: strict order, silence towards
// packets it cannot read, one event copy per registration, and the size limit in both directions.

import type { Socket } from 'node:net';
import type { Message, MessageInput } from '../message.ts';
import { decodeMessage } from '../message-decode.ts';
import { encodeMessage } from '../message-encode.ts';
import { decodePacket, encodePacket, Framer, type Packet } from '../packet.ts';

/** The call that a handler answers. */
export interface FakeCall {
  readonly command: string;
  /** Number of the connection, counting from 1. */
  readonly connection: number;
  /** Sends an event to the caller only, and only if it registered: what a streaming command does. */
  emit(event: string, message: MessageInput): void;
}

/**
 * Answers one command. What it throws becomes `success=no` with the message as `errmsg`; `undefined` means
 * that no answer is ever sent.
 */
export type CommandHandler = (
  message: Message,
  call: FakeCall,
) => MessageInput | undefined | Promise<MessageInput | undefined>;

export interface ReceivedCommand {
  readonly connection: number;
  readonly command: string;
  readonly message: Message;
}

export interface PeerHost {
  readonly events: ReadonlySet<string>;
  handler(command: string): CommandHandler | undefined;
  received(command: ReceivedCommand): void;
  /** Something charon ignores without a word. */
  ignored(reason: string): void;
  /** A registration came or went. */
  changed(): void;
}

export class FakePeer {
  readonly number: number;
  readonly #socket: Socket;
  readonly #host: PeerHost;
  readonly #registered = new Map<string, number>();
  #turn: Promise<void> = Promise.resolve();

  constructor(number: number, socket: Socket, host: PeerHost) {
    this.number = number;
    this.#socket = socket;
    this.#host = host;
    const framer = new Framer();
    // A client may go away at any time; there is nothing to do about it here.
    socket.on('error', () => undefined);
    socket.on('data', (chunk: Uint8Array) => {
      try {
        framer.push(chunk, (segment) => {
          this.#turn = this.#turn.then(() => this.#answer(segment));
        });
      } catch {
        // charon hangs up on a length over its limit.
        socket.destroy();
      }
    });
  }

  /** How often this client is registered for an event. */
  registrations(event: string): number {
    return this.#registered.get(event) ?? 0;
  }

  /** Sends an event once per registration. */
  emit(event: string, body: Uint8Array): void {
    for (let copy = 0; copy < this.registrations(event); copy++) {
      this.#send({ type: 'event', name: event, body });
    }
  }

  /** Writes bytes that need not be a packet at all. */
  write(bytes: Uint8Array): void {
    this.#socket.write(bytes);
  }

  destroy(): void {
    this.#socket.destroy();
  }

  async #answer(segment: Uint8Array): Promise<void> {
    let packet: Packet;
    try {
      packet = decodePacket(segment);
    } catch (error) {
      this.#host.ignored(String(error));
      return;
    }
    switch (packet.type) {
      case 'command-request':
        await this.#command(packet.name, packet.body);
        return;
      case 'event-register':
        this.#register(packet.name);
        return;
      case 'event-unregister':
        this.#unregister(packet.name);
        return;
      default:
        this.#host.ignored(`${packet.type} from a client`);
    }
  }

  #register(event: string): void {
    const known = this.#host.events.has(event);
    if (known) this.#registered.set(event, this.registrations(event) + 1);
    this.#send({ type: known ? 'event-confirm' : 'event-unknown' });
    this.#host.changed();
  }

  #unregister(event: string): void {
    const times = this.registrations(event);
    if (times > 1) this.#registered.set(event, times - 1);
    else this.#registered.delete(event);
    this.#send({ type: times > 0 ? 'event-confirm' : 'event-unknown' });
    this.#host.changed();
  }

  async #command(command: string, body: Uint8Array): Promise<void> {
    const handler = this.#host.handler(command);
    if (handler === undefined) {
      this.#send({ type: 'command-unknown' });
      return;
    }
    const reply = await this.#reply(command, body, handler);
    if (reply !== undefined) this.#send({ type: 'command-response', body: encodeMessage(reply) });
  }

  async #reply(
    command: string,
    body: Uint8Array,
    handler: CommandHandler,
  ): Promise<MessageInput | undefined> {
    let message: Message;
    try {
      message = decodeMessage(body);
    } catch {
      return { success: false, errmsg: 'parsing request failed' };
    }
    this.#host.received({ connection: this.number, command, message });
    try {
      return await handler(message, {
        command,
        connection: this.number,
        emit: (event, input) => {
          this.emit(event, encodeMessage(input));
        },
      });
    } catch (error) {
      return { success: false, errmsg: error instanceof Error ? error.message : String(error) };
    }
  }

  #send(packet: Parameters<typeof encodePacket>[0]): void {
    if (this.#socket.destroyed) return;
    let frame: Uint8Array;
    try {
      frame = encodePacket(packet);
    } catch {
      // charon logs that it is too long and sends nothing; the client waits in vain.
      this.#host.ignored(`${packet.type} over the size limit`);
      return;
    }
    this.#socket.write(frame);
  }
}
