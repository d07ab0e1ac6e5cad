/**
 * How the daemon's process is started, found again and ended: as a unit where systemd runs and the unit
 * is installed, else as a process of its own with a pid file. Either way it outlives the agent.
 */

import { spawn } from 'node:child_process';
import { access, readFile, rm } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { errorCode } from '../../lib/error-code.ts';
import { type CommandRunner, outputOf } from '../../platform/linux/command.ts';
import { inNamespace } from '../../platform/linux/network-namespace.ts';
import { EngineError } from './engine-error.ts';

export interface DaemonProcess {
  /** Pid of our daemon; undefined where it does not run. */
  find(signal: AbortSignal): Promise<number | undefined>;
  /** Returns once the process is made; it may not answer yet. Throws {@link EngineError}. */
  start(signal: AbortSignal): Promise<void>;
  /** Ends our daemon, and no other; returns when it is gone. */
  stop(signal: AbortSignal): Promise<void>;
  /** As `stop`, at once: it says nothing to its peers, and leaves its SAs to the kernel. */
  kill(signal: AbortSignal): Promise<void>;
}

/** charon-systemd needs no systemd and writes no pid file: several can run, one a namespace. */
const PROGRAM = '/usr/sbin/charon-systemd';
/**
 * Notes its own pid and start time, and then becomes the program: an agent that is killed meanwhile leaves
 * no daemon that nobody finds. Arguments: pid file, program.
 */
const NOTED_PROGRAM = `file=$1 program=$2
set -- $(cat /proc/$$/stat)
printf '{"pid":%s,"started":"%s"}' $$ "\${22}" >"$file"
exec "$program"`;

const STOP_MILLISECONDS = 15_000;
const POLL_MILLISECONDS = 50;

/** `deploy/systemd/sallyport-charon.service`, and `sallyport-charon@.service` of a shard. */
export class UnitProcess implements DaemonProcess {
  readonly #commands: CommandRunner;
  readonly #unit: string;

  constructor(commands: CommandRunner, networkNamespace?: string) {
    this.#commands = commands;
    const instance = networkNamespace === undefined ? '' : `@${networkNamespace}`;
    this.#unit = `sallyport-charon${instance}.service`;
  }

  /** Whether systemd runs here and knows the unit. */
  async isInstalled(signal: AbortSignal): Promise<boolean> {
    try {
      // sd_booted(3): this directory tells that systemd is the init of this system.
      await access('/run/systemd/system');
    } catch {
      return false;
    }
    return (await this.#commands.run('systemctl', ['cat', this.#unit], { signal })).code === 0;
  }

  async find(signal: AbortSignal): Promise<number | undefined> {
    const args = ['show', '--property', 'MainPID', '--value', this.#unit];
    const pid = Number(await outputOf(this.#commands, 'systemctl', args, { signal }));
    return pid > 0 ? pid : undefined;
  }

  async start(signal: AbortSignal): Promise<void> {
    await outputOf(this.#commands, 'systemctl', ['start', this.#unit], { signal });
  }

  async stop(signal: AbortSignal): Promise<void> {
    await outputOf(this.#commands, 'systemctl', ['stop', this.#unit], { signal });
  }

  async kill(signal: AbortSignal): Promise<void> {
    const args = ['kill', '--signal', 'SIGKILL', this.#unit];
    await outputOf(this.#commands, 'systemctl', args, { signal });
    await this.stop(signal);
  }
}

export interface DetachedProcessOptions {
  readonly pidPath: string;
  readonly configPath: string;
  /** Absent: the one of the agent. */
  readonly networkNamespace?: string;
}

/** Where no systemd runs: containers, network namespaces. */
export class DetachedProcess implements DaemonProcess {
  readonly #options: DetachedProcessOptions;

  constructor(options: DetachedProcessOptions) {
    this.#options = options;
  }

  /** Proven by its start time: pids are used again. */
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

  async start(): Promise<void> {
    await access(PROGRAM).catch((cause: unknown) => {
      throw new EngineError(
        'engine/not-installed',
        `${PROGRAM} is missing; install the package charon-systemd`,
        { cause },
      );
    });
    const { pidPath, configPath, networkNamespace } = this.#options;
    const script = ['-c', NOTED_PROGRAM, 'sh', pidPath, PROGRAM];
    const child = spawn(...inNamespace(networkNamespace, 'sh', script), {
      env: {
        PATH: '/usr/sbin:/usr/bin:/sbin:/bin',
        STRONGSWAN_CONF: configPath,
        LC_ALL: 'C',
      },
      cwd: '/',
      detached: true,
      stdio: 'ignore',
    });
    // Whether it came up is asked of its socket.
    child.on('error', () => undefined);
    child.unref();
  }

  stop(signal: AbortSignal): Promise<void> {
    return this.#end('SIGTERM', signal);
  }

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
