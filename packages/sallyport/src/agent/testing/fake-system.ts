/** Directories of an installation, and a kernel in which there is nothing of ours and which can do everything. */
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { vi } from 'vitest';
import { type Directories, pathsOf } from '../../store/state-directory.ts';

/** Script of an `ip` that shows empty lists. */
export const NOTHING =
  'case "$*" in *-batch*) while read -r line; do echo "$line" >> "${CALLS:-/dev/null}"; echo "[]"; done;; *) echo "[]";; esac';

const PROGRAMS: Readonly<Record<string, string>> = {
  // `ip monitor` ends when the agent does; everything else prints an empty list for each question.
  ip: `case "$*" in *oneline\\ monitor*|*xfrm\\ monitor*) exec sleep 600;; esac; echo "$*" >> "$CALLS"; ${NOTHING}`,
  nft: "echo 'Error: No such file or directory' >&2; exit 1",
  tc: 'exit 0',
  unshare: 'exit 0',
  systemctl: 'exit 1',
};

export class FakeSystem implements AsyncDisposable {
  readonly directory: string;
  readonly directories: Directories;

  private constructor(directory: string) {
    this.directory = directory;
    this.directories = { state: join(directory, 'state'), run: join(directory, 'run') };
  }

  /** From now on the programs by which the system is asked are these. */
  static async start(): Promise<FakeSystem> {
    const system = new FakeSystem(await mkdtemp(join(tmpdir(), 'fake-system-')));
    await mkdir(system.directories.run);
    await mkdir(join(system.directory, 'bin'));
    for (const [name, script] of Object.entries(PROGRAMS)) await system.program(name, script);
    vi.stubEnv('PATH', `${join(system.directory, 'bin')}${delimiter}${process.env['PATH'] ?? ''}`);
    vi.stubEnv('CALLS', system.calls);
    return system;
  }

  get paths(): ReturnType<typeof pathsOf> {
    return pathsOf(this.directories);
  }

  /** File with the arguments of each call of `ip`, one a line. */
  get calls(): string {
    return join(this.directory, 'calls');
  }

  async program(name: string, script: string): Promise<void> {
    const path = join(this.directory, 'bin', name);
    await writeFile(path, `#!/bin/sh\n${script}\n`);
    await chmod(path, 0o755);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    vi.unstubAllEnvs();
    await rm(this.directory, { recursive: true });
  }
}
