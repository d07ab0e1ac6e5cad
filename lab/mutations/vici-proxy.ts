// A liar between agent and charon: while it is told to swallow, commands that load or unload something
// are answered with success and never reach the daemon. Everything else passes as it is.
//
// Manual: the vici plugin's protocol description: packets with a length of four bytes, a type, and for
// some types a name; replies carry no id, so that a made-up one has to wait for its turn.

import { once } from 'node:events';
import { rename } from 'node:fs/promises';
import { createConnection, createServer, type Server, type Socket } from 'node:net';
import { encodeMessage } from '@sallyport/vici';

const TYPE = { commandRequest: 0, commandResponse: 1, event: 7 } as const;
const CHANGING = /^(?:un)?load-/;

export class ViciProxy implements AsyncDisposable {
  isSwallowing = false;
  /** Where the daemon itself answers. */
  readonly daemonPath: string;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #swallowed: string[] = [];

  private constructor(server: Server, daemonPath: string) {
    this.#server = server;
    this.daemonPath = daemonPath;
  }

  /** Takes the place of the daemon's socket; connections that stand already go past it. */
  static async at(path: string): Promise<ViciProxy> {
    const daemonPath = `${path}.daemon`;
    await rename(path, daemonPath);
    const server = createServer();
    const proxy = new ViciProxy(server, daemonPath);
    server.on('connection', (client) => {
      proxy.#join(client, createConnection(daemonPath));
    });
    server.listen(path);
    await once(server, 'listening');
    return proxy;
  }

  /** Commands that were swallowed since this was last asked. */
  take(): readonly string[] {
    const swallowed = this.#swallowed;
    this.#swallowed = [];
    return swallowed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #join(client: Socket, daemon: Socket): void {
    for (const [socket, other] of [
      [client, daemon],
      [daemon, client],
    ] as const) {
      this.#sockets.add(socket);
      socket.on('error', () => other.destroy());
      socket.on('close', () => {
        this.#sockets.delete(socket);
        other.destroy();
      });
    }
    /** Replies that are owed, in order: the daemon's own, or one of ours. */
    const owed: (Buffer | undefined)[] = [];
    const flush = (): void => {
      while (owed.length > 0 && owed[0] !== undefined) client.write(owed.shift() ?? '');
    };
    client.on(
      'data',
      packetsOf((packet) => {
        const command = packet[4] === TYPE.commandRequest ? nameIn(packet) : '';
        if (this.isSwallowing && CHANGING.test(command)) {
          this.#swallowed.push(command);
          owed.push(success());
          flush();
          return;
        }
        owed.push(undefined);
        daemon.write(packet);
      }),
    );
    daemon.on(
      'data',
      packetsOf((packet) => {
        client.write(packet);
        if (packet[4] === TYPE.event) return;
        owed.shift();
        flush();
      }),
    );
  }
}

function success(): Buffer {
  const message = encodeMessage({ success: 'yes' });
  const head = Buffer.alloc(5);
  head.writeUInt32BE(message.length + 1);
  head[4] = TYPE.commandResponse;
  return Buffer.concat([head, message]);
}

function nameIn(packet: Buffer): string {
  return packet.subarray(6, 6 + (packet[5] ?? 0)).toString();
}

/** Cuts a stream into packets, each with its length. */
function packetsOf(take: (packet: Buffer) => void): (chunk: Buffer) => void {
  let rest = Buffer.alloc(0);
  return (chunk) => {
    rest = Buffer.concat([rest, chunk]);
    while (rest.length >= 4) {
      const end = 4 + rest.readUInt32BE();
      if (rest.length < end) return;
      take(rest.subarray(0, end));
      rest = rest.subarray(end);
    }
  };
}
