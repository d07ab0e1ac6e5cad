/** Runs a program that goes on telling things line by line, as `ip monitor` does. */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

/** Exit code where there is no such program, as of setpriv(1) and shells. */
export const COULD_NOT_RUN = 127;

export interface ProgramListener {
  readonly onLine: (line: string) => void;
  /** A line of standard error. */
  readonly onComplaint?: (line: string) => void;
  /** Once, after the last line, unless the signal has fired. `code`: exit code; absent: a signal has ended it. */
  readonly onEnd: (reason: string, code?: number) => void;
}

/** Until the signal fires. */
export function followProgram(
  [file, args]: readonly [file: string, args: readonly string[]],
  { onLine, onComplaint, onEnd }: ProgramListener,
  signal: AbortSignal,
): void {
  // It must not outlive an agent that is killed: by itself it ends when it next has something to tell.
  const child = spawn('setpriv', ['--pdeathsig', 'TERM', '--', file, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, LC_ALL: 'C' },
    signal,
  });
  let hasEnded = false;
  const ended = (reason: string, code?: number): void => {
    if (!hasEnded && !signal.aborted) onEnd(reason, code);
    hasEnded = true;
  };
  child.on('error', (error) => {
    ended(error.message, COULD_NOT_RUN);
  });
  child.on('close', (code, by) => {
    ended(`ended with ${String(code ?? by)}`, code ?? undefined);
  });
  createInterface({ input: child.stdout }).on('line', (line) => {
    if (!signal.aborted) onLine(line);
  });
  createInterface({ input: child.stderr }).on('line', (line) => {
    if (!signal.aborted) onComplaint?.(line);
  });
}
