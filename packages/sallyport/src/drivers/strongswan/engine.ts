/**
 * The charon that carries our tunnels. It is started apart from the agent and outlives it: traffic goes
 * on while the agent is upgraded or gone. There can be one IKE daemon in a network namespace, since
 * UDP 500 and 4500 are its own; a foreign one is used when told to, and never started or stopped.
 */
import { spawn } from 'node:child_process';
import { access, mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { ViciClient } from '@sallyport/vici';
import { writeFileAtomic } from '../../platform/atomic-file.ts';
import { type CommandRunner, outputOf } from '../../platform/linux/command.ts';
import { renderEngineConfig } from './render-config.ts';

/** charon-systemd needs no systemd and writes no pid file: several can run, one a namespace. */
const PROGRAM = '/usr/sbin/charon-systemd';
const UNIT = 'sallyport-charon.service';
const START_MILLISECONDS = 15_000;
const POLL_MILLISECONDS = 50;

export class EngineError extends Error {
  readonly code:
    | 'engine/foreign-daemon'
    | 'engine/not-installed'
    | 'engine/no-start'
    | 'engine/unreachable';

  constructor(code: EngineError['code'], message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'EngineError';
    this.code = code;
  }
}

export interface EngineOptions {
  /** Directory of mode 0700 for configuration, socket, log and pid file. */
  readonly runDirectory: string;
  /** VICI address of a daemon that somebody else runs. */
  readonly externalSocket?: string;
  readonly commands: CommandRunner;
}

export class Engine {
  readonly socket: string;
  readonly isExternal: boolean;
  readonly #options: EngineOptions;
  readonly #configPath: string;
  readonly #pidPath: string;

  constructor(options: EngineOptions) {
    this.#options = options;
    this.isExternal = options.externalSocket !== undefined;
    this.socket = options.externalSocket ?? `unix://${join(options.runDirectory, 'charon.vici')}`;
    this.#configPath = join(options.runDirectory, 'strongswan.conf');
    this.#pidPath = join(options.runDirectory, 'charon.pid');
  }

  /** Adopts the running daemon, or starts one. Throws {@link EngineError}. */
  async ensure(userspace: boolean, signal: AbortSignal): Promise<'running' | 'started'> {
    if (this.isExternal) {
      if (await this.answers(signal)) return 'running';
      throw new EngineError(
        'engine/unreachable',
        `the IKE daemon at ${this.socket} does not answer; is it running, with the vici plugin?`,
      );
    }
    const config = renderEngineConfig('charon-systemd', {
      socketPath: join(this.#options.runDirectory, 'charon.vici'),
      logPath: join(this.#options.runDirectory, 'charon.log'),
      userspace,
    });
    const process = await this.#findProcess();
    if (process !== undefined) {
      if ((await readFile(this.#configPath, 'utf8').catch(() => '')) === config) {
        if (await this.answers(signal)) return 'running';
        throw new EngineError(
          'engine/unreachable',
          `charon (pid ${process}) runs and does not answer on ${this.socket}`,
        );
      }
      // Plugins are chosen at start: another data plane needs another process.
      await this.stop(signal);
    }
    await this.#refuseForeign();
    await mkdir(this.#options.runDirectory, { recursive: true, mode: 0o700 });
    await writeFileAtomic(this.#configPath, config);
    await this.#start(signal);
    return 'started';
  }

  /** Whether the daemon answers a request now. */
  async answers(signal: AbortSignal): Promise<boolean> {
    const client = new ViciClient({
      socket: this.socket,
      callTimeoutMs: 2_000,
      connectTimeoutMs: 1_000,
    });
    try {
      await client.version({ signal });
      return true;
    } catch {
      return false;
    } finally {
      await client.close();
    }
  }

  /** Ends the daemon that was started here, and no other. */
  async stop(signal: AbortSignal): Promise<void> {
    if (this.isExternal) return;
    if (await this.#hasUnit(signal))
      await outputOf(this.#options.commands, 'systemctl', ['stop', UNIT], { signal });
    const pid = await this.#findProcess();
    if (pid !== undefined) {
      process.kill(pid, 'SIGTERM');
      const deadline = performance.now() + START_MILLISECONDS;
      while ((await this.#findProcess()) !== undefined) {
        if (performance.now() > deadline) process.kill(pid, 'SIGKILL');
        await delay(POLL_MILLISECONDS, undefined, { signal });
      }
    }
    await rm(this.#pidPath, { force: true });
    await rm(join(this.#options.runDirectory, 'charon.vici'), { force: true });
  }

  async #start(signal: AbortSignal): Promise<void> {
    if (await this.#hasUnit(signal)) {
      await outputOf(this.#options.commands, 'systemctl', ['start', UNIT], { signal });
    } else {
      await access(PROGRAM).catch((cause: unknown) => {
        throw new EngineError(
          'engine/not-installed',
          `${PROGRAM} is missing; install the package charon-systemd`,
          { cause },
        );
      });
      const child = spawn(PROGRAM, [], {
        env: {
          PATH: '/usr/sbin:/usr/bin:/sbin:/bin',
          STRONGSWAN_CONF: this.#configPath,
          LC_ALL: 'C',
        },
        cwd: '/',
        detached: true,
        stdio: 'ignore',
      });
      child.on('error', () => undefined);
      child.unref();
      if (child.pid !== undefined) {
        await writeFileAtomic(
          this.#pidPath,
          JSON.stringify({ pid: child.pid, started: await startTimeOf(child.pid) }),
        );
      }
    }
    const deadline = performance.now() + START_MILLISECONDS;
    while (!(await this.answers(signal))) {
      if (performance.now() > deadline) {
        throw new EngineError(
          'engine/no-start',
          `charon did not come up; see ${join(this.#options.runDirectory, 'charon.log')}`,
        );
      }
      await delay(POLL_MILLISECONDS, undefined, { signal });
    }
  }

  /** Pid of our charon, proven by its start time: pids are used again. */
  async #findProcess(): Promise<number | undefined> {
    try {
      const { pid, started } = JSON.parse(await readFile(this.#pidPath, 'utf8')) as {
        pid: number;
        started: string;
      };
      return started !== '' && (await startTimeOf(pid)) === started ? pid : undefined;
    } catch {
      return undefined;
    }
  }

  async #hasUnit(signal: AbortSignal): Promise<boolean> {
    try {
      await access('/run/systemd/system');
    } catch {
      return false;
    }
    return (await this.#options.commands.run('systemctl', ['cat', UNIT], { signal })).code === 0;
  }

  async #refuseForeign(): Promise<void> {
    const ports = await boundIkePorts();
    if (ports.length === 0) return;
    throw new EngineError(
      'engine/foreign-daemon',
      `another IKE daemon already runs on this host (UDP ${ports.join(' and ')} is taken): tell Sallyport to use it with --charon-socket, or stop it`,
    );
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

/** IKE ports (RFC 7296 §2, RFC 3948) bound in this network namespace. */
async function boundIkePorts(): Promise<number[]> {
  const tables = await Promise.all(
    ['/proc/self/net/udp', '/proc/self/net/udp6'].map((path) =>
      readFile(path, 'utf8').catch(() => ''),
    ),
  );
  const bound = tables
    .join('\n')
    .split('\n')
    .map((line) => Number.parseInt(/^\s*\d+: [0-9A-F]+:([0-9A-F]{4}) /.exec(line)?.[1] ?? '', 16));
  return [500, 4500].filter((port) => bound.includes(port));
}
