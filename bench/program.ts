// Programs whose output nobody reads: reading it would be part of the time.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { projectDirectory } from '../lab/paths.ts';
import { milliseconds, type Subject } from './contest.ts';

export function program(name: string, file: string, args: readonly string[]): Subject {
  return { name, run: async () => ({ time: await milliseconds(() => runSilently(file, args)) }) };
}

/**
 * JavaScript as a program of its own, with `args` in `process.argv` from 1 on. Not a TypeScript file:
 * Node.js would take as long to strip its types as for all the rest.
 */
export function script(name: string, code: string, args: readonly string[]): Subject {
  return program(name, process.execPath, ['--input-type=module', '--eval', code, ...args]);
}

async function runSilently(file: string, args: readonly string[]): Promise<void> {
  const child = spawn(file, args, {
    ...{ stdio: 'ignore', cwd: projectDirectory },
    env: { ...process.env, LC_ALL: 'C' },
  });
  const [status] = (await once(child, 'exit')) as [number | null];
  if (status !== 0) throw new Error(`${[file, ...args].join(' ')}: exit status ${String(status)}`);
}
