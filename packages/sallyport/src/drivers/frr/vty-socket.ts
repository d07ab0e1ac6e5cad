/**
 * One daemon of FRR over the socket that vtysh uses: a command and a zero byte go out; the answer ends with
 * three zero bytes and one byte of status (FRR lib/vty.c, vtysh/vtysh.c). Each line has a result of its own,
 * and no process is started for it.
 */
import { connect, type Socket } from 'node:net';
import { messageOf } from '../../lib/message-of.ts';
import { Turns } from '../../lib/turns.ts';

/** A daemon that could not be asked, or that refused a line. Never holds a secret. */
export class VtyError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'VtyError';
  }
}

/** A line to type; of one with a secret errors tell only the rest. */
export interface TypedLine {
  readonly text: string;
  readonly secret?: string;
}

/** FRR lib/command.h: CMD_SUCCESS, and CMD_WARNING of what was done all the same. */
const TAKEN: readonly number[] = [0, 1];
/** Three zero bytes and the status. */
const END_BYTES = 4;
const ANSWER_MILLISECONDS = 15_000;
/** More than a full table of a gateway. */
const LONGEST_ANSWER = 128 * 1024 * 1024;

export interface VtySocketOptions {
  /** For errors: `bgpd`. */
  readonly daemon: string;
  readonly path: string;
  /** The daemon has ended, or hung up. */
  readonly onEnd?: () => void;
  /** For an answer; 15,000 if absent. */
  readonly answerMilliseconds?: number;
}

interface Answer {
  readonly status: number;
  readonly text: string;
}

export class VtySocket {
  readonly #options: VtySocketOptions;
  #socket: Socket | undefined;
  /** One conversation at a time. */
  readonly #turns = new Turns();

  constructor(options: VtySocketOptions) {
    this.#options = options;
  }

  /** What a command shows. Throws {@link VtyError}. */
  async show(command: string, signal: AbortSignal): Promise<string> {
    return this.#alone(signal, (socket) => this.#type(socket, { text: command }, signal));
  }

  /** Types lines into the configuration; the first one that is refused ends it. Throws {@link VtyError}. */
  async configure(lines: readonly TypedLine[], signal: AbortSignal): Promise<void> {
    await this.#alone(signal, async (socket) => {
      await this.#type(socket, { text: 'configure terminal' }, signal);
      try {
        for (const line of lines) await this.#type(socket, line, signal);
      } finally {
        // Where the connection broke, the next one begins outside of the configuration.
        if (!socket.destroyed) await this.#type(socket, { text: 'end' }, signal);
      }
    });
  }

  close(): void {
    this.#drop();
  }

  #alone<T>(signal: AbortSignal, work: (socket: Socket) => Promise<T>): Promise<T> {
    return this.#turns.take(async () => {
      signal.throwIfAborted();
      return work(await this.#connected(signal));
    });
  }

  async #connected(signal: AbortSignal): Promise<Socket> {
    if (this.#socket?.destroyed === false) return this.#socket;
    const { path, daemon, onEnd } = this.#options;
    const socket = connect(path);
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve);
      socket.once('error', (cause) => {
        reject(new VtyError(`${daemon} at ${path}: ${messageOf(cause)}`, { cause }));
      });
    });
    socket.on('error', () => undefined);
    socket.once('close', () => {
      // Not of one that we have given up ourselves.
      if (this.#socket !== socket) return;
      this.#socket = undefined;
      onEnd?.();
    });
    this.#socket = socket;
    await this.#type(socket, { text: 'enable' }, signal);
    return socket;
  }

  /** Output of a line that was taken. */
  async #type(socket: Socket, { text, secret }: TypedLine, signal: AbortSignal): Promise<string> {
    const { daemon } = this.#options;
    const answer = await this.#ask(socket, secret === undefined ? text : `${text} ${secret}`, {
      signal,
      about: `${daemon}: ${text}`,
    });
    if (TAKEN.includes(answer.status)) return answer.text;
    // FRR repeats a line that it does not know.
    const isRepeated = secret !== undefined && answer.text.includes(text);
    const said = isRepeated ? '' : answer.text.trim();
    const outcome = said === '' ? `refused with status ${answer.status}` : said;
    throw new VtyError(`${daemon}: ${text}: ${outcome}`);
  }

  #ask(
    socket: Socket,
    line: string,
    { signal, about }: { readonly signal: AbortSignal; readonly about: string },
  ): Promise<Answer> {
    const { answerMilliseconds = ANSWER_MILLISECONDS } = this.#options;
    const { promise, resolve, reject } = Promise.withResolvers<Answer>();
    const chunks: Buffer[] = [];
    let size = 0;
    let end: number | undefined;
    const deadline = setTimeout(() => {
      fail('no answer in time');
    }, answerMilliseconds);
    const fail = (why: string): void => {
      // What may still come would be taken for the answer to the next line.
      this.#drop();
      reject(new VtyError(`${about}: ${why}`));
    };
    const onData = (chunk: Buffer): void => {
      // What is shown is text: the first zero byte ends it.
      const zero = end === undefined ? chunk.indexOf(0) : -1;
      if (zero >= 0) end = size + zero;
      chunks.push(chunk);
      size += chunk.length;
      if (size > LONGEST_ANSWER) {
        fail('the answer has no end');
        return;
      }
      if (end === undefined || size < end + END_BYTES) return;
      const answer = Buffer.concat(chunks);
      const status = answer[end + END_BYTES - 1];
      if (
        status === undefined ||
        size > end + END_BYTES ||
        !answer.subarray(end, -1).every(isZero)
      ) {
        fail('more came than an answer');
        return;
      }
      resolve({ status, text: answer.toString('utf8', 0, end) });
    };
    const onClose = (): void => {
      fail('the daemon hung up');
    };
    const onAbort = (): void => {
      fail('given up');
    };
    socket.on('data', onData);
    socket.once('close', onClose);
    signal.addEventListener('abort', onAbort, { once: true });
    socket.write(`${line}\0`);
    return promise.finally(() => {
      clearTimeout(deadline);
      socket.off('data', onData);
      socket.off('close', onClose);
      signal.removeEventListener('abort', onAbort);
    });
  }

  #drop(): void {
    const socket = this.#socket;
    this.#socket = undefined;
    socket?.destroy();
  }
}

function isZero(byte: number): boolean {
  return byte === 0;
}
