// Runs programs for the lab: arguments as arrays, output as text, a deadline always.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';

export interface ExecuteOptions {
  /** Added to the environment of the lab. */
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: string;
  /** 180,000 if absent; the program is killed then, and the call fails. */
  readonly timeoutMs?: number;
}

export interface Outcome {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs to the end and returns what came back, whatever the exit status. */
export async function execute(
  file: string,
  args: readonly string[],
  options: ExecuteOptions = {},
): Promise<Outcome> {
  const child = spawn(file, args, { env: environment(options.env), stdio: 'pipe' });
  // A program that does not read its input closes it under us; its exit status tells the rest.
  child.stdin.on('error', () => undefined);
  child.stdin.end(options.input ?? '');
  const deadlineMs = options.timeoutMs ?? 180_000;
  const limit = setTimeout(() => child.kill('SIGKILL'), deadlineMs);
  try {
    const [stdout, stderr, [code]] = await Promise.all([
      text(child.stdout),
      text(child.stderr),
      once(child, 'close') as Promise<[number | null, NodeJS.Signals | null]>,
    ]);
    if (code !== null) return { status: code, stdout, stderr };
    throw new Error(
      `${[file, ...args].join(' ')}: killed, at the latest after ${String(deadlineMs)} ms\n${stdout}${stderr}`,
    );
  } finally {
    clearTimeout(limit);
  }
}

/** As execute, but a status other than 0 is an error with all that was said. */
export async function mustExecute(
  file: string,
  args: readonly string[],
  options: ExecuteOptions = {},
): Promise<string> {
  const { status, stdout, stderr } = await execute(file, args, options);
  if (status === 0) return stdout;
  throw new Error(
    `${[file, ...args].join(' ')}: exit status ${String(status)}\n${stderr}${stdout}`,
  );
}

export function environment(added: Readonly<Record<string, string>> = {}): NodeJS.ProcessEnv {
  return { ...process.env, LC_ALL: 'C', ...added };
}

/** Ends a program and waits until it is gone. */
export async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  child.kill(signal);
  const limit = setTimeout(() => child.kill('SIGKILL'), 5_000);
  await gone;
  clearTimeout(limit);
}
