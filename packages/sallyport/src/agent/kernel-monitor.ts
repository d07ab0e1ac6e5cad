/** `ip monitor` tells that something changed; what, the next round finds out. */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Log } from './log.ts';

/** Calls back after each change of a link, route or rule, until the signal fires. */
export function watchKernel(onChange: () => void, log: Log, signal: AbortSignal): void {
  const child = spawn('ip', ['monitor', 'link', 'route', 'rule'], {
    stdio: ['ignore', 'pipe', 'ignore'],
    signal,
  });
  const ended = (reason: string): void => {
    if (!signal.aborted) log.warn({ error: reason }, 'ip monitor ended; going on by timer');
  };
  child.on('error', (error) => {
    ended(error.message);
  });
  child.on('exit', (code, by) => {
    ended(`ended with ${String(code ?? by)}`);
  });
  createInterface({ input: child.stdout }).on('line', onChange);
}
