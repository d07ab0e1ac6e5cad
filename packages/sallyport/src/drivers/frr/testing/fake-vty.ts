/** A daemon behind the socket of vtysh, which answers as a test says. */
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Bytes that come back, or text that is taken; undefined: nothing comes. */
export type VtyAnswer = string | Uint8Array | undefined;

export function answer(text: string, status: number): Uint8Array {
  return Buffer.concat([Buffer.from(text), Buffer.from([0, 0, 0, status])]);
}

export class FakeVty implements AsyncDisposable {
  readonly path: string;
  /** Lines as they came. */
  readonly lines: string[] = [];
  readonly #server: Server;
  readonly #directory: string;
  readonly #sockets = new Set<Socket>();

  private constructor(directory: string, respond: (line: string) => VtyAnswer) {
    this.#directory = directory;
    this.path = join(directory, 'bgpd.vty');
    this.#server = createServer((socket) => {
      this.#sockets.add(socket);
      let pending = '';
      socket.on('error', () => undefined);
      socket.on('close', () => this.#sockets.delete(socket));
      socket.on('data', (chunk) => {
        const lines = (pending + chunk.toString()).split('\0');
        pending = lines.pop() ?? '';
        for (const line of lines) {
          this.lines.push(line);
          const response = respond(line);
          if (response !== undefined)
            socket.write(typeof response === 'string' ? answer(response, 0) : response);
        }
      });
    });
  }

  static async listen(respond: (line: string) => VtyAnswer = () => ''): Promise<FakeVty> {
    const fake = new FakeVty(await mkdtemp(join(tmpdir(), 'vty-')), respond);
    fake.#server.listen(fake.path);
    await once(fake.#server, 'listening');
    return fake;
  }

  /** As a daemon that ends. */
  hangUp(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.hangUp();
    this.#server.close();
    await rm(this.#directory, { recursive: true, force: true });
  }
}
