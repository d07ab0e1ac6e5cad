/**
 * The agent's ear: a socket in the run directory, which only root can reach. A line asks, a line of
 * JSON answers: `report` looks afresh and returns what is there.
 */
import { rm } from 'node:fs/promises';
import { connect, Server, type Socket } from 'node:net';
import type { HostReport } from '../status/host-report.ts';

const ANSWER_MILLISECONDS = 30_000;
/** Far more than any request has. */
const LONGEST_REQUEST = 256;

export async function serveControl(
  path: string,
  report: () => Promise<HostReport>,
): Promise<Server> {
  // Whoever holds the agent's lock owns the path: what lies there is a dead agent's.
  await rm(path, { force: true });
  const server = new ControlServer((socket) => {
    readRequest(socket, (request) => {
      const answer = request === 'report' ? report() : Promise.reject(new Error('unknown request'));
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

class ControlServer extends Server {
  readonly #clients = new Set<Socket>();

  constructor(serve: (socket: Socket) => void) {
    super((socket) => {
      this.#clients.add(socket);
      socket.on('close', () => this.#clients.delete(socket));
      socket.on('error', () => undefined);
      serve(socket);
    });
  }

  /** Also ends clients that neither ask nor go away: they would keep the process. */
  override close(onClosed?: (error?: Error) => void): this {
    super.close(onClosed);
    for (const client of this.#clients) client.destroy();
    return this;
  }
}

/** Calls back once, with the first line or with as much as is too long for one. */
function readRequest(socket: Socket, use: (request: string) => void): void {
  let text = '';
  const onData = (chunk: Buffer): void => {
    text += chunk.toString('latin1');
    const end = text.indexOf('\n');
    if (end < 0 && text.length <= LONGEST_REQUEST) return;
    socket.off('data', onData);
    // What follows is read and thrown away, so that the answer is not lost to a reset.
    socket.resume();
    use(end < 0 ? text : text.slice(0, end).trimEnd());
  };
  socket.on('data', onData);
}

/** The running agent's fresh report; undefined where no agent answers. */
export async function askReport(
  path: string,
  milliseconds: number = ANSWER_MILLISECONDS,
): Promise<HostReport | undefined> {
  return new Promise((resolve) => {
    const socket = connect(path);
    const chunks: Buffer[] = [];
    socket.setTimeout(milliseconds, () => socket.destroy());
    socket.on('connect', () => socket.write('report\n'));
    socket.on('data', (chunk: Buffer) => chunks.push(chunk));
    socket.on('error', () => undefined);
    socket.on('close', () => {
      resolve(parseReport(Buffer.concat(chunks).toString()));
    });
  });
}

/** Whether an agent is there at all, although it may not answer. */
export function hasAgent(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.on('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => {
      resolve(false);
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
