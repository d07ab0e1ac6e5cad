// A TCP transfer between two hosts, checked to the byte. As a program it is either end of it:
// `node transfer.ts serve ADDRESS` and `node transfer.ts send ADDRESS BYTES`.

import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createConnection, createServer } from 'node:net';
import { argv, execPath, stdout } from 'node:process';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { end } from './execute.ts';
import type { Host } from './host.ts';
import { until } from './until.ts';

const PORT = 8_080;

/** Sends so many bytes; true if exactly these arrived. */
export async function transfer(
  from: Host,
  to: Host,
  address: string,
  bytes: number,
): Promise<boolean> {
  const program = fileURLToPath(import.meta.url);
  const log = to.file(`transfer-${String(performance.now())}.log`);
  const server = to.spawn(execPath, [program, 'serve', address], { outputFile: log });
  try {
    await until(
      `${to.name} listens on ${address}`,
      async () => (await readFile(log, 'utf8')).includes('listening'),
      20_000,
    );
    const told = await from.mustExec(execPath, [program, 'send', address, String(bytes)]);
    return told === digestOf(contentOf(bytes));
  } finally {
    await end(server, 'SIGTERM');
  }
}

/** Bytes of which no part looks like another, so that a lost or doubled one shows. */
function contentOf(bytes: number): Buffer {
  const content = Buffer.alloc(bytes);
  for (let offset = 0; offset + 4 <= bytes; offset += 4) content.writeUInt32BE(offset, offset);
  return content;
}

function digestOf(content: string | Buffer): string {
  return createHash('sha256').update(content).digest('hex');
}

function serve(address: string): void {
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    const hash = createHash('sha256');
    socket.on('data', (part) => hash.update(part));
    socket.once('end', () => socket.end(hash.digest('hex')));
  });
  server.listen(PORT, address, () => stdout.write('listening\n'));
}

async function send(address: string, bytes: number): Promise<void> {
  const socket = createConnection({ host: address, port: PORT, allowHalfOpen: true });
  socket.end(contentOf(bytes));
  stdout.write(await text(socket));
}

if (import.meta.main) {
  const [, , role, address = '', bytes = ''] = argv;
  if (role === 'serve') serve(address);
  else await send(address, Number(bytes));
}
