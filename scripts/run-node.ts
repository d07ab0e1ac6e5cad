/** Runs one step with this Node.js and keeps what it printed. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import type { Check } from './static-checks.ts';

export interface StepResult {
  readonly code: number;
  readonly output: string;
  readonly errors: string;
  readonly seconds: number;
}

export async function runNode(args: readonly string[]): Promise<StepResult> {
  const started = performance.now();
  const step = spawn(process.execPath, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, NO_COLOR: '1' },
  });
  const [output, errors] = await Promise.all([
    text(step.stdout),
    text(step.stderr),
    once(step, 'close'),
  ]);
  const seconds = (performance.now() - started) / 1_000;
  return { code: step.exitCode ?? 1, output, errors, seconds };
}

/** Says in one line whether the check holds, and everything where it does not. */
export async function runCheck({ name, args, sees }: Check): Promise<boolean> {
  const { code, output, errors, seconds } = await runNode(args);
  const holds = code === 0 && (sees?.(output) ?? true);
  const time = seconds.toFixed(1).padStart(5);
  process.stdout.write(`${holds ? 'ok    ' : 'FAILED'} ${time} s  ${name}\n`);
  if (!holds) process.stdout.write(`${output}${errors}\n`);
  return holds;
}

/** One after the other; how many hold. */
export async function runChecks(checks: readonly Check[]): Promise<number> {
  let holding = 0;
  for (const check of checks) holding += Number(await runCheck(check));
  return holding;
}
