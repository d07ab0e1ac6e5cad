/**
 * The agent's ear: a socket in the run directory, which only root can reach. A line asks, a line of
 * JSON answers. `report` looks afresh at everything and returns what is there. `look`: kernel and everything
 * loaded (of another plan, what it changes), and the SAs of which something was told since the last look; the
 * answer in few words. `state`: in few words and at once what the last round has found.
 * `why NAMESPACE/CONNECTION [TARGET]` looks closely at the tunnels of one connection and explains them.
 * Requests for planned work (`work-request.ts`) are done, and answered as `report`.
 */
import { rm } from 'node:fs/promises';
import { connect, Server, type Socket } from 'node:net';
import { isJson, parseJson } from '../lib/json-fields.ts';
import { messageOf } from '../lib/message-of.ts';
import { parseAddress } from '../lib/prefix.ts';
import { Name } from '../model/fields.ts';
import { AGENT_STATE_FORMAT, type AgentState, toAgentState } from '../status/agent-state.ts';
import type { HostReport } from '../status/host-report.ts';
import type { Explanation } from '../status/why/explanation.ts';
import { ALL, type Extent, UNTOLD } from './extent.ts';
import type { WhyRequest } from './why/explainer.ts';
import { formatWork, parseWork, type Work } from './work-request.ts';

const ANSWER_MILLISECONDS = 30_000;
/** Looks of others may come first. */
const EXPLANATION_MILLISECONDS = 120_000;
/** Far more than any request has. */
const LONGEST_REQUEST = 256;

export interface ControlAnswers {
  /** Of a round that begins after the question; rejects where that fails. */
  readonly report: (extent: Extent) => Promise<HostReport>;
  /** Of the last round; undefined before the first one. */
  readonly last: () => HostReport | undefined;
  readonly why: (request: WhyRequest) => Promise<Explanation>;
  /** Does it, and reports what is there then. */
  readonly work: (work: Work) => Promise<HostReport>;
}

export async function serveControl(path: string, answers: ControlAnswers): Promise<Server> {
  // Whoever holds the agent's lock owns the path: what lies there is a dead agent's.
  await rm(path, { force: true });
  const server = new ControlServer((socket) => {
    readRequest(socket, (request) => {
      answerTo(request, answers).then(
        (value) => socket.end(`${JSON.stringify(value)}\n`),
        (error: unknown) => socket.end(`${JSON.stringify({ error: messageOf(error) })}\n`),
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

async function answerTo(
  request: string,
  { report, last, why, work }: ControlAnswers,
): Promise<unknown> {
  if (request === 'report') return report(ALL);
  if (request === 'look') return toAgentState(await report(UNTOLD));
  if (request === 'state') return toAgentState(last() ?? (await report(ALL)));
  const wanted = parseWork(request);
  if (wanted !== undefined) return work(wanted);
  const asked = parseWhyRequest(request);
  if (asked === undefined) throw new Error('unknown request');
  return why(asked);
}

/** `why NAMESPACE/CONNECTION [TARGET]`; undefined where it is anything else. */
export function parseWhyRequest(line: string): WhyRequest | undefined {
  const [verb, subject = '', target, ...rest] = line.split(' ');
  const [namespace, connection, ...more] = subject.split('/');
  const isWhole = verb === 'why' && rest.length === 0 && more.length === 0;
  const areNames = [namespace, connection].every((name) => Name.safeParse(name).success);
  if (!isWhole || !areNames || namespace === undefined || connection === undefined)
    return undefined;
  if (target === undefined) return { namespace, connection };
  return parseAddress(target) === undefined ? undefined : { namespace, connection, target };
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

/** The running agent's fresh report; undefined where no agent answers. Throws what the agent says it could not do. */
export async function askReport(
  path: string,
  milliseconds: number = ANSWER_MILLISECONDS,
): Promise<HostReport | undefined> {
  return toReport(readAnswer(await ask(path, 'report', milliseconds)));
}

/** What is there once the work is done; undefined where no agent answers. Throws what the agent says it could not do. */
export async function askWork(path: string, work: Work): Promise<HostReport | undefined> {
  return toReport(readAnswer(await ask(path, formatWork(work), ANSWER_MILLISECONDS)));
}

/** What the running agent has found last, without a look of its own; undefined where no agent tells. */
export async function askState(
  path: string,
  milliseconds: number = ANSWER_MILLISECONDS,
): Promise<AgentState | undefined> {
  return toState(parseJson(await ask(path, 'state', milliseconds)));
}

/**
 * What the running agent finds in a round that begins after this; undefined where it does not tell in time.
 * Throws what the agent says it could not do.
 */
export async function askLook(
  path: string,
  milliseconds: number,
  signal: AbortSignal,
): Promise<AgentState | undefined> {
  return toState(readAnswer(await ask(path, 'look', milliseconds, signal)));
}

/** Undefined where no agent answers; throws what the agent says it could not do. */
export async function askWhy(
  path: string,
  { namespace, connection, target }: WhyRequest,
): Promise<Explanation | undefined> {
  const words = ['why', `${namespace}/${connection}`, ...(target === undefined ? [] : [target])];
  const value = readAnswer(await ask(path, words.join(' '), EXPLANATION_MILLISECONDS));
  // The other end is our own program; the format names its version.
  return isJson(value) && value['format'] === 'sallyport.dev/explanation/v1alpha1'
    ? (value as unknown as Explanation)
    : undefined;
}

/** All that came back; empty where nobody answers. */
function ask(
  path: string,
  request: string,
  milliseconds: number,
  signal?: AbortSignal,
): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect({ path, ...(signal === undefined ? {} : { signal }) });
    const chunks: Buffer[] = [];
    socket.setTimeout(milliseconds, () => socket.destroy());
    socket.on('connect', () => socket.write(`${request}\n`));
    socket.on('data', (chunk: Buffer) => chunks.push(chunk));
    socket.on('error', () => undefined);
    socket.on('close', () => {
      resolve(Buffer.concat(chunks).toString());
    });
  });
}

/** Undefined where nobody answers; throws what the agent says it could not do. */
function readAnswer(text: string): unknown {
  const value = parseJson(text);
  if (isJson(value) && typeof value['error'] === 'string')
    throw new Error(`the agent answers: ${value['error']}`);
  return value;
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
  return toReport(parseJson(text));
}

function toReport(value: unknown): HostReport | undefined {
  // The other end is our own program; the format names its version.
  return isJson(value) &&
    value['format'] === 'sallyport.dev/host-report/v1alpha1' &&
    Array.isArray(value['engines'])
    ? (value as unknown as HostReport)
    : undefined;
}

function toState(value: unknown): AgentState | undefined {
  // The other end is our own program; the format names its version.
  return isJson(value) && value['format'] === AGENT_STATE_FORMAT
    ? (value as unknown as AgentState)
    : undefined;
}
