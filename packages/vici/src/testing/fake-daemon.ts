// A charon to be scripted: it listens on a real socket, speaks the real protocol and knows only what the
// test taught it. Everything else is CMD_UNKNOWN, as with a daemon that lacks a command.

import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { MessageInput } from '../message.ts';
import { encodeMessage } from '../message-encode.ts';
import { type CommandHandler, FakePeer, type PeerHost, type ReceivedCommand } from './fake-peer.ts';

/** Every event of strongSwan 5.9; 6.0.3 adds `alert`. */
export const charonEvents: readonly string[] = [
  'log',
  'control-log',
  'list-sa',
  'list-policy',
  'list-conn',
  'list-cert',
  'list-authority',
  'ike-updown',
  'ike-rekey',
  'ike-update',
  'child-updown',
  'child-rekey',
];

export interface FakeDaemonOptions {
  /** Path of its UNIX socket; default one in a new temporary directory. */
  readonly path?: string;
  /** Events that can be registered; default `charonEvents`. */
  readonly events?: readonly string[];
}

export class FakeDaemon implements AsyncDisposable {
  /** Where it listens, in the form that `ViciClient` takes. */
  readonly socket: string;
  /** Every command that came in and could be read, oldest first. */
  readonly received: ReceivedCommand[] = [];
  /** What a charon would have ignored without a word; a sound client leaves this empty. */
  readonly ignored: string[] = [];
  readonly #path: string;
  readonly #directory: string | undefined;
  readonly #events: Set<string>;
  readonly #handlers = new Map<string, CommandHandler>();
  readonly #peers = new Set<FakePeer>();
  readonly #waiting = new Set<() => void>();
  #server: Server | undefined;
  #accepted = 0;

  private constructor(path: string, directory: string | undefined, events: readonly string[]) {
    this.#path = path;
    this.#directory = directory;
    this.#events = new Set(events);
    this.socket = `unix://${path}`;
  }

  static async listen(options: FakeDaemonOptions = {}): Promise<FakeDaemon> {
    const directory =
      options.path === undefined ? await mkdtemp(join(tmpdir(), 'fake-vici-')) : undefined;
    const path = options.path ?? join(directory ?? '', 'charon.vici');
    const daemon = new FakeDaemon(path, directory, options.events ?? charonEvents);
    await daemon.start();
    return daemon;
  }

  /** Number of connections accepted so far. */
  get accepted(): number {
    return this.#accepted;
  }

  /** Number of connections open now. */
  get connections(): number {
    return this.#peers.size;
  }

  /** Teaches it a command, in place of what it knew under that name. */
  on(command: string, handler: CommandHandler): this {
    this.#handlers.set(command, handler);
    return this;
  }

  /** Teaches it a streaming command: one event per item, then an empty reply. */
  onList(
    command: string,
    event: string,
    items: (message: Parameters<CommandHandler>[0]) => Iterable<MessageInput>,
  ): this {
    return this.on(command, (message, call) => {
      for (const item of items(message)) call.emit(event, item);
      return {};
    });
  }

  /** Raises an event for every registered client. */
  emit(event: string, message: MessageInput): void {
    if (!this.#events.has(event)) throw new Error(`the fake daemon has no event ${event}`);
    const body = encodeMessage(message);
    for (const peer of this.#peers) peer.emit(event, body);
    this.#changed();
  }

  /** Registrations of an event over all clients. */
  registrations(event: string): number {
    let count = 0;
    for (const peer of this.#peers) count += peer.registrations(event);
    return count;
  }

  /** Writes raw bytes to every client, for tests of what a client does with nonsense. */
  write(bytes: Uint8Array): void {
    for (const peer of this.#peers) peer.write(bytes);
  }

  /** Resolves once the condition holds; looked at after everything that comes in. */
  until(condition: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      const look = (): void => {
        if (!condition()) return;
        this.#waiting.delete(look);
        resolve();
      };
      this.#waiting.add(look);
      look();
    });
  }

  /** Closes every connection and stops listening, like a daemon that was killed. */
  async stop(): Promise<void> {
    const server = this.#server;
    if (server === undefined) return;
    this.#server = undefined;
    const closed = new Promise((resolve) => server.close(resolve));
    for (const peer of this.#peers) peer.destroy();
    await closed;
  }

  /** Listens again after `stop`; handlers are kept, registrations are gone. */
  async start(): Promise<void> {
    if (this.#server !== undefined) return;
    const server = createServer((socket) => {
      this.#accept(socket);
    });
    this.#server = server;
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(this.#path, resolve);
    });
  }

  /** Stops it for good and removes its directory. */
  async close(): Promise<void> {
    await this.stop();
    if (this.#directory !== undefined) await rm(this.#directory, { recursive: true, force: true });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #accept(socket: Socket): void {
    this.#accepted += 1;
    const host: PeerHost = {
      events: this.#events,
      handler: (command) => this.#handlers.get(command),
      received: (command) => {
        this.received.push(command);
        this.#changed();
      },
      ignored: (reason) => {
        this.ignored.push(reason);
        this.#changed();
      },
      changed: () => {
        this.#changed();
      },
    };
    const peer = new FakePeer(this.#accepted, socket, host);
    this.#peers.add(peer);
    socket.on('close', () => {
      this.#peers.delete(peer);
      this.#changed();
    });
    this.#changed();
  }

  #changed(): void {
    for (const look of [...this.#waiting]) look();
  }
}
