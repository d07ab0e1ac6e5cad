/** Runs the programs of the system: argument lists only, never a shell, always in the C locale. */
import { spawn } from 'node:child_process';

export interface CommandResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CommandOptions {
  /** Written to standard input, which is closed then. */
  readonly input?: string;
  readonly signal?: AbortSignal;
}

export interface CommandRunner {
  /** Settles with the exit code, whatever it is; throws {@link CommandError} only where nothing ran to its end. */
  run(file: string, args: readonly string[], options?: CommandOptions): Promise<CommandResult>;
}

/** A program that could not be run, or whose exit code means failure to the caller. */
export class CommandError extends Error {
  readonly code: number | undefined;

  constructor(
    file: string,
    args: readonly string[],
    outcome: string,
    code?: number,
    options?: ErrorOptions,
  ) {
    super(`${[file, ...args].join(' ')}: ${outcome.trim()}`, options);
    this.name = 'CommandError';
    this.code = code;
  }
}

/** What a program may print before it is ended: more than any table of a gateway. */
const MAX_OUTPUT = 256 * 1024 * 1024;

export const systemCommands: CommandRunner = limitedCommands(MAX_OUTPUT);

/** Ends programs that print more than so many bytes. */
export function limitedCommands(maxOutputBytes: number): CommandRunner {
  return { run: (file, args, options = {}) => run(file, args, { ...options, maxOutputBytes }) };
}

function run(
  file: string,
  args: readonly string[],
  options: CommandOptions & { readonly maxOutputBytes: number },
): Promise<CommandResult> {
  const { promise, resolve, reject } = Promise.withResolvers<CommandResult>();
  const child = spawn(file, args, {
    env: { ...process.env, LC_ALL: 'C' },
    stdio: ['pipe', 'pipe', 'pipe'],
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  });
  const output = { stdout: [] as Buffer[], stderr: [] as Buffer[] };
  let size = 0;
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size > options.maxOutputBytes) child.kill('SIGKILL');
      else output[name].push(chunk);
    });
  }
  child.on('error', (cause) => {
    reject(new CommandError(file, args, cause.message, undefined, { cause }));
  });
  child.on('close', (code, signal) => {
    // Also of a program that was done before it could be ended: what it printed is not whole.
    if (size > options.maxOutputBytes) {
      reject(new CommandError(file, args, `printed more than ${options.maxOutputBytes} bytes`));
    } else if (code === null) {
      reject(new CommandError(file, args, `ended by ${signal ?? 'a signal'}`));
    } else {
      resolve({
        code,
        stdout: Buffer.concat(output.stdout).toString(),
        stderr: Buffer.concat(output.stderr).toString(),
      });
    }
  });
  // A program that ends before it has read everything breaks the pipe; its exit code tells.
  child.stdin.on('error', () => undefined);
  child.stdin.end(options.input ?? '');
  return promise;
}

/** Standard output of a program that must succeed. */
export async function outputOf(
  runner: CommandRunner,
  file: string,
  args: readonly string[],
  options?: CommandOptions,
): Promise<string> {
  const result = await runner.run(file, args, options);
  if (result.code !== 0) {
    throw new CommandError(file, args, result.stderr || `exit code ${result.code}`, result.code);
  }
  return result.stdout;
}
