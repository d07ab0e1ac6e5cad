import { once } from 'node:events';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { connect, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ViciSocket } from './vici-socket.ts';

let directory: string;
let socket: ViciSocket;
let server: Server;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'vici-socket-'));
  socket = new ViciSocket(join(directory, 'vici'));
  server = await listen();
});
afterEach(async () => {
  server.close();
  await rm(directory, { recursive: true });
});

async function listen(): Promise<Server> {
  const made = createServer((client) => client.end()).listen(join(directory, 'vici'));
  await once(made, 'listening');
  return made;
}

async function answers(): Promise<boolean> {
  const client = connect(socket.path);
  const result = await Promise.race([
    once(client, 'connect').then(() => true),
    once(client, 'error').then(() => false),
  ]);
  client.destroy();
  return result;
}

describe('a socket file that somebody removes', () => {
  it('is there again, and leads to the same daemon', async () => {
    await socket.keep();
    await rm(socket.path);
    expect(await socket.isThere()).toBe(false);
    expect(await socket.restore()).toBe(true);
    expect(await answers()).toBe(true);
  });

  it('is lost where both of its names are', async () => {
    await socket.keep();
    await socket.remove();
    expect(await readdir(directory)).toEqual([]);
    expect(await socket.restore()).toBe(false);
  });

  it('is kept anew of each daemon, and once of the same', async () => {
    await socket.keep();
    await socket.keep();
    server.close();
    await rm(socket.path, { force: true });
    server = await listen();
    await socket.keep();
    await rm(socket.path);
    expect(await socket.restore()).toBe(true);
    expect(await answers()).toBe(true);
  });
});
