/**
 * A daemon that is started apart from the agent and outlives it. Its pid file names the start time, too, so
 * that no other process is ever taken for it: pids are used again.
 */
import { spawn } from 'node:child_process';
import { access, readFile, rm } from 'node:fs/promises';
import { setPriority } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { errorCode } from '../../lib/error-code.ts';
import type { DaemonProcess } from './daemon-process.ts';
import { inNamespace } from './network-namespace.ts';

export interface DetachedProcessOptions {
  readonly pidPath: string;
  /** Absolute path. It must stay in the foreground. */
  readonly program: string;
  readonly args?: readonly string[];
  /** Debian package that the program comes with. */
  readonly packageName: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Where its output is appended; absent: it goes nowhere. */
  readonly output?: ProcessOutput;
  /** Absent: the one of the agent. */
  readonly networkNamespace?: string;
  /** Its packets are due to the tenth of a second: it comes before others where the processor is short. */
  readonly isPunctual?: true;
}

export interface ProcessOutput {
  readonly path: string;
  /** No file that the program writes gets longer; what it says beyond that is lost. */
  readonly maxBytes: number;
}

/** The program is missing. */
export class NotInstalledError extends Error {
  constructor(program: string, packageName: string, options?: ErrorOptions) {
    super(`${program} is missing; install the package ${packageName}`, options);
    this.name = 'NotInstalledError';
  }
}

/**
 * Notes its own pid and start time, and then becomes the program: an agent that is killed meanwhile leaves
 * no daemon that nobody finds. At the limit of its output it is not ended, its writing fails.
 * Arguments: pid file, output file, limit in blocks of 512 bytes, program and its arguments.
 */
const NOTED_PROGRAM = `pid_file=$1 output=$2 limit=$3
shift 3
started=$(set -- $(cat /proc/$$/stat); echo "\${22}")
printf '{"pid":%s,"started":"%s"}' $$ "$started" >"$pid_file"
trap '' XFSZ
ulimit -f "$limit"
exec "$@" >>"$output" 2>&1`;

/** nice(2): -20 to 19. */
const PUNCTUAL = -15;

const BLOCK_BYTES = 512;
const STOP_MILLISECONDS = 15_000;
const POLL_MILLISECONDS = 50;

export class DetachedProcess implements DaemonProcess {
  readonly #options: DetachedProcessOptions;

  constructor(options: DetachedProcessOptions) {
    this.#options = options;
  }

  /** Its pid; undefined where it does not run. */
  async find(): Promise<number | undefined> {
    try {
      const { pid, started } = JSON.parse(await readFile(this.#options.pidPath, 'utf8')) as {
        pid: number;
        started: string;
      };
      return started !== '' && (await startTimeOf(pid)) === started ? pid : undefined;
    } catch {
      return undefined;
    }
  }

  /** Returns once the process is made; it may not answer yet. Throws {@link NotInstalledError}. */
  async start(): Promise<void> {
    const {
      pidPath,
      program,
      args = [],
      packageName,
      env,
      output,
      networkNamespace,
      isPunctual,
    } = this.#options;
    await access(program).catch((cause: unknown) => {
      throw new NotInstalledError(program, packageName, { cause });
    });
    const { path, limit } =
      output === undefined
        ? { path: '/dev/null', limit: 'unlimited' }
        : { path: output.path, limit: String(Math.ceil(output.maxBytes / BLOCK_BYTES)) };
    const script = ['-c', NOTED_PROGRAM, 'sh', pidPath, path, limit, program, ...args];
    const child = spawn(...inNamespace(networkNamespace, 'sh', script), {
      env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C', ...env },
      cwd: '/',
      detached: true,
      stdio: 'ignore',
    });
    // Whether it came up is asked of the daemon itself.
    child.on('error', () => undefined);
    if (isPunctual === true) hasten(child.pid);
    child.unref();
  }

  /** Ends our daemon, and no other; returns when it is gone. */
  stop(signal: AbortSignal): Promise<void> {
    return this.#end('SIGTERM', signal);
  }

  /** As `stop`, at once: it says no farewell. */
  kill(signal: AbortSignal): Promise<void> {
    return this.#end('SIGKILL', signal);
  }

  async #end(how: 'SIGTERM' | 'SIGKILL', signal: AbortSignal): Promise<void> {
    const pid = await this.find();
    if (pid !== undefined) {
      end(pid, how);
      const deadline = performance.now() + STOP_MILLISECONDS;
      while ((await this.find()) !== undefined) {
        if (performance.now() > deadline) end(pid, 'SIGKILL');
        await delay(POLL_MILLISECONDS, undefined, { signal });
      }
    }
    await rm(this.#options.pidPath, { force: true });
  }
}

/** It may have ended between the look and the signal. */
function end(pid: number, signal: 'SIGTERM' | 'SIGKILL'): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if (errorCode(error) !== 'ESRCH') throw error;
  }
}

/** Clock ticks since boot at which the process began (proc(5), /proc/pid/stat field 22); empty where it is gone or a zombie. */
async function startTimeOf(pid: number): Promise<string> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
    // The name in parentheses may hold blanks.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' ? '' : (fields[19] ?? '');
  } catch {
    return '';
  }
}

/** Where that is not allowed, as in some containers, it is one process of many. */
function hasten(pid: number | undefined): void {
  try {
    if (pid !== undefined) setPriority(pid, PUNCTUAL);
  } catch {
    // It may have ended already, too: whoever asks it will find that out.
  }
}
