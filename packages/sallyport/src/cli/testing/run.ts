/** Runs the program in this process, with captured output and directories of its own. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runProgram } from '../program.ts';

export interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export class Shell implements AsyncDisposable {
  readonly directory: string;

  private constructor(directory: string) {
    this.directory = directory;
  }

  static async create(): Promise<Shell> {
    return new Shell(await mkdtemp(join(tmpdir(), 'sallyport-cli-')));
  }

  file(name: string): string {
    return join(this.directory, name);
  }

  async run(words: readonly string[], input = ''): Promise<Outcome> {
    const output = { stdout: '', stderr: '' };
    const code = await runProgram(words, {
      stdout: (text) => (output.stdout += text),
      stderr: (text) => (output.stderr += text),
      env: {
        SALLYPORT_STATE_DIR: this.file('state'),
        SALLYPORT_RUN_DIR: this.file('run'),
      },
      readInput: () => Promise.resolve(input),
      signal: new AbortController().signal,
    });
    return { code, ...output };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.directory, { recursive: true });
  }
}
