// Network namespaces beside the one that this process runs in.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { outputOf, systemCommands } from '../src/platform/linux/command.ts';

/** A network namespace that lives as long as its process. */
export class Namespace implements AsyncDisposable {
  readonly pid: string;
  readonly #holder: ChildProcess;

  private constructor(holder: ChildProcess) {
    this.#holder = holder;
    this.pid = String(holder.pid);
  }

  static async create(): Promise<Namespace> {
    // It speaks once it is in its namespace, and ends when its input does, also if we are killed.
    const holder = spawn('unshare', ['--net', '--', 'sh', '-c', 'echo ready; exec cat'], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    await once(holder.stdout, 'data');
    return new Namespace(holder);
  }

  run(args: readonly string[], input = ''): Promise<string> {
    return outputOf(systemCommands, 'nsenter', ['-t', this.pid, '-n', ...args], { input });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const gone = once(this.#holder, 'exit');
    this.#holder.stdin?.end();
    await gone;
  }
}

/** In this one. */
export async function ipBatch(lines: readonly string[]): Promise<void> {
  await outputOf(systemCommands, 'ip', ['-batch', '-'], { input: `${lines.join('\n')}\n` });
}
