// Runs one command under a user-mode Linux kernel: the whole file system of this machine is there,
// read-only with a RAM overlay on top, so that nothing has to be installed twice. Only one
// directory is shared for writing. To be called inside isolate(), which ends the guest with us.
//
// Manual: Documentation/virt/uml/user_mode_linux_howto_v2.rst (hostfs, console channels).

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { renderInit } from './guest-init.ts';
import type { UmlKernel } from './kernel.ts';

export interface GuestCommand {
  readonly kernel: UmlKernel;
  readonly file: string;
  readonly args: readonly string[];
  readonly directory: string;
  readonly environment: Readonly<Record<string, string>>;
  /** The one directory whose writes reach this machine, under the same path. */
  readonly sharedDirectory: string;
  /** Backed by the machine only as far as it is touched. */
  readonly memoryMegabytes: number;
  readonly timeLimitSeconds: number;
  /** Descriptor for everything that the command prints; our own stdout and stderr if absent. */
  readonly output?: number;
}

/** Exit status when the guest did not finish in time, as of timeout(1). */
const TIMED_OUT = 124;

/** Boots, runs the command, powers off; returns its exit status. */
export async function runInGuest(command: GuestCommand): Promise<number> {
  const work = await mkdtemp('/run/guest-');
  const init = join(work, 'init');
  const logFile = join(work, 'log');
  const script = renderInit({ ...command, statusDirectory: work, epochSeconds: now() });
  await writeFile(init, script, { mode: 0o755 });
  await writeFile(join(work, 'status'), '');
  const log = openSync(logFile, 'a');
  const guest = spawn(command.kernel.path, kernelArguments(command, work, init), {
    // Descriptors 3 and 4 become the guest's tty0 and tty1; UML's own words go to the log.
    stdio: ['ignore', log, log, command.output ?? 1, command.output ?? 2],
    // UML keeps guest memory in a file of TMPDIR; /dev/shm may be executed from, /tmp may not.
    env: { PATH: process.env['PATH'], TMPDIR: '/dev/shm', LC_ALL: 'C' },
  });
  closeSync(log);
  const limit = AbortSignal.timeout(command.timeLimitSeconds * 1_000);
  const stop = (): void => {
    guest.kill('SIGKILL');
  };
  limit.addEventListener('abort', stop);
  await once(guest, 'exit');
  limit.removeEventListener('abort', stop);
  const status = (await readFile(join(work, 'status'), 'utf8')).trim();
  const words = await readFile(logFile, 'utf8');
  await rm(work, { recursive: true });
  if (limit.aborted && status === '') return TIMED_OUT;
  if (status === '') throw new Error(`the guest ended without a status:\n${lastLines(words, 40)}`);
  return Number(status);
}

function kernelArguments(command: GuestCommand, work: string, init: string): readonly string[] {
  return [
    `mem=${String(command.memoryMegabytes)}M`,
    ...['root=/dev/root', 'rootfstype=hostfs', 'rootflags=/', 'ro', `init=${init}`],
    // tty0: output of the command, tty1: its errors, tty2: the kernel's console.
    ...['con=null', 'con0=null,fd:3', 'con1=null,fd:4', 'con2=null,fd:1', 'ssl=null'],
    ...['console=tty2', 'quiet', `uml_dir=${work}/`, 'umid=guest', 'panic=-1'],
    ...(command.kernel.hasSeccomp ? ['seccomp=on'] : []),
  ];
}

function now(): number {
  return Math.floor(Date.now() / 1_000);
}

function lastLines(text: string, count: number): string {
  return text.trimEnd().split('\n').slice(-count).join('\n');
}
