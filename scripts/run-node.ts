/** Runs one step with this Node.js and keeps what it printed. */
import { spawnSync } from 'node:child_process';
import type { Check } from './static-checks.ts';

export interface StepResult {
  readonly code: number;
  readonly output: string;
  readonly errors: string;
  readonly seconds: number;
}

export function runNode(args: readonly string[]): StepResult {
  const started = performance.now();
  const { status, stdout, stderr } = spawnSync(process.execPath, args, {
    encoding: 'utf8',
    maxBuffer: 1 << 28,
    env: { ...process.env, NO_COLOR: '1' },
  });
  const seconds = (performance.now() - started) / 1_000;
  return { code: status ?? 1, output: stdout, errors: stderr, seconds };
}

/** Says in one line whether the check holds, and everything where it does not. */
export function runCheck({ name, args, sees }: Check): boolean {
  const { code, output, errors, seconds } = runNode(args);
  const holds = code === 0 && (sees?.(output) ?? true);
  const time = seconds.toFixed(1).padStart(5);
  process.stdout.write(`${holds ? 'ok    ' : 'FAILED'} ${time} s  ${name}\n`);
  if (!holds) process.stdout.write(`${output}${errors}\n`);
  return holds;
}
