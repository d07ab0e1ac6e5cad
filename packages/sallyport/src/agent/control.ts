/**
 * The agent's ear: a socket in the run directory, which only root can reach. A line asks, a line of
 * JSON answers: `report` looks afresh and returns what is there.
 */
import { rm } from 'node:fs/promises';
import { connect, createServer, type Server } from 'node:net';
import { createInterface } from 'node:readline';
import type { HostReport } from '../status/host-report.ts';

const ANSWER_MILLISECONDS = 30_000;

export async function serveControl(
  path: string,
  report: () => Promise<HostReport>,
): Promise<Server> {
  // Whoever holds the agent's lock owns the path: what lies there is a dead agent's.
  await rm(path, { force: true });
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    const lines = createInterface({ input: socket });
    lines.on('error', () => undefined);
    lines.once('line', (line) => {
      const answer = line === 'report' ? report() : Promise.reject(new Error('unknown request'));
      answer.then(
        (value) => socket.end(`${JSON.stringify(value)}\n`),
        (error: unknown) => socket.end(`${JSON.stringify({ error: String(error) })}\n`),
      );
    });
  });
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(path, () => {
      resolve(server);
    });
  });
}

/** The running agent's fresh report; undefined where no agent answers. */
export async function askReport(path: string): Promise<HostReport | undefined> {
  return new Promise((resolve) => {
    const socket = connect(path);
    const chunks: Buffer[] = [];
    socket.setTimeout(ANSWER_MILLISECONDS, () => socket.destroy());
    socket.on('connect', () => socket.write('report\n'));
    socket.on('data', (chunk: Buffer) => chunks.push(chunk));
    socket.on('error', () => undefined);
    socket.on('close', () => {
      resolve(parseReport(Buffer.concat(chunks).toString()));
    });
  });
}

export function parseReport(text: string): HostReport | undefined {
  try {
    const value = JSON.parse(text) as Partial<HostReport> | null;
    // The other end is our own program; the format names its version.
    return value?.format === 'sallyport.dev/host-report/v1alpha1'
      ? (value as HostReport)
      : undefined;
  } catch {
    return undefined;
  }
}
