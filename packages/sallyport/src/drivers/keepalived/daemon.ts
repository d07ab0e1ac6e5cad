/**
 * Our own keepalived: its files, its process, and what it says of itself. A keepalived of the user's has other
 * files, and is never looked at.
 */
import { open, readFile, rm, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { errorCode } from '../../lib/error-code.ts';
import { writeFileAtomic } from '../../platform/atomic-file.ts';
import { type CommandRunner, outputOf } from '../../platform/linux/command.ts';
import { type DaemonProcess, UnitProcess } from '../../platform/linux/daemon-process.ts';
import { DetachedProcess } from '../../platform/linux/detached-process.ts';
import { parseRouters } from './parse.ts';
import type { ObservedRouter } from './state.ts';

const ANSWER_MILLISECONDS = 3_000;
const POLL_MILLISECONDS = 10;
const LOOKS_A_QUESTION = 30;
/** What keepalived leaves when it is killed is on two hosts for so long. */
const WATCH_MILLISECONDS = 300;

/** keepalived writes a line for each advertisement that it cannot send, for months if need be. */
const LOG_BYTES = 1024 * 1024;
/** What is read of its end. */
const LOG_TAIL_BYTES = 16 * 1024;

export class KeepalivedDaemon {
  readonly #directory: string;
  readonly #commands: CommandRunner;
  readonly #unit: UnitProcess;
  readonly #detached: DetachedProcess;
  #dumpSignal: number | undefined;

  constructor(directory: string, commands: CommandRunner) {
    this.#directory = directory;
    this.#commands = commands;
    this.#unit = new UnitProcess(commands, 'sallyport-keepalived.service');
    this.#detached = new DetachedProcess({
      pidPath: join(directory, 'daemon.pid'),
      program: '/usr/sbin/keepalived',
      args: [
        ...['--dont-fork', '--vrrp', '--no-syslog', '--log-console'],
        ...['--use-file', this.configPath],
        ...['--pid', this.#pidPath],
        ...['--vrrp_pid', this.#childPidPath],
      ],
      packageName: 'keepalived',
      // What it tells of itself it writes there. Its times have no zone.
      env: { TMPDIR: directory, TZ: 'UTC' },
      output: { path: this.logPath, maxBytes: LOG_BYTES },
    });
  }

  /** Written by keepalived itself, once it handles signals. */
  get #pidPath(): string {
    return join(this.#directory, 'keepalived.pid');
  }

  get #childPidPath(): string {
    return join(this.#directory, 'vrrp.pid');
  }

  get configPath(): string {
    return join(this.#directory, 'keepalived.conf');
  }

  get logPath(): string {
    return join(this.#directory, 'keepalived.log');
  }

  async find(signal: AbortSignal): Promise<number | undefined> {
    return (await this.#process(signal)).find(signal);
  }

  /** Resolves once the process is gone; false: none was there. */
  async untilGone(signal: AbortSignal): Promise<boolean> {
    const process = await this.#process(signal);
    // systemd starts its unit again by itself, and each look at it takes a process.
    const pause = process === this.#unit ? 10 * WATCH_MILLISECONDS : WATCH_MILLISECONDS;
    let wasThere = false;
    while ((await process.find(signal)) !== undefined) {
      wasThere = true;
      await delay(pause, undefined, { signal });
    }
    return wasThere;
  }

  /** Reads its configuration anew, keeping what has not changed; or starts. */
  async configure(config: string, signal: AbortSignal): Promise<void> {
    await writeFileAtomic(this.configPath, config);
    const pid = await this.#ready(signal);
    if (pid !== undefined) send(pid, 'SIGHUP');
    else {
      await this.#endChild(signal);
      await (await this.#process(signal)).start(signal);
    }
  }

  /** It removes the addresses, unless it was killed. */
  async stop(signal: AbortSignal): Promise<void> {
    await (await this.#process(signal)).stop(signal);
    await this.#endChild(signal);
  }

  /**
   * The process that speaks VRRP ends when its parent was killed, a moment later. Removes the pid files: keepalived
   * does not start beside a process that has one of the pids, be it somebody else's or a zombie.
   */
  async #endChild(signal: AbortSignal): Promise<void> {
    const pid = Number(await readFile(this.#childPidPath, 'utf8').catch(() => ''));
    const deadline = performance.now() + ANSWER_MILLISECONDS;
    while (pid > 0 && (await this.#isOurs(pid))) {
      if (performance.now() > deadline) send(pid, 'SIGKILL');
      await delay(POLL_MILLISECONDS, undefined, { signal });
    }
    await rm(this.#childPidPath, { force: true });
    await rm(this.#pidPath, { force: true });
  }

  /** A zombie has no command line. */
  async #isOurs(pid: number): Promise<boolean> {
    const command = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
    return command.split('\0').includes(this.configPath);
  }

  /** What it has, in its own words; undefined where it does not run. Throws where it does not answer. */
  async routers(signal: AbortSignal): Promise<ObservedRouter[] | undefined> {
    const pid = await this.#ready(signal);
    if (pid === undefined) return undefined;
    const path = join(this.#directory, 'keepalived.json');
    const dump = await this.#signalOfDump(signal);
    await rm(path, { force: true });
    let asked = 0;
    return this.#poll(pid, signal, async () => {
      // One that has just begun passes no question on.
      if (asked++ % LOOKS_A_QUESTION === 0) send(pid, dump);
      return parseRouters(await readFile(path, 'utf8').catch(() => ''));
    });
  }

  /** Its pid, once it can take signals: before that they would end it. */
  async #ready(signal: AbortSignal): Promise<number | undefined> {
    const pid = await this.find(signal);
    if (pid === undefined) return undefined;
    return this.#poll(pid, signal, async () => {
      const own = await readFile(this.#pidPath, 'utf8').catch(() => '');
      return Number(own) === pid ? pid : undefined;
    });
  }

  /** What `look` finds; undefined where the process ends before. Throws where it finds nothing in time. */
  async #poll<T>(
    pid: number,
    signal: AbortSignal,
    look: () => Promise<T | undefined>,
  ): Promise<T | undefined> {
    const deadline = performance.now() + ANSWER_MILLISECONDS;
    for (;;) {
      const found = await look();
      if (found !== undefined) return found;
      if ((await this.find(signal)) !== pid) return undefined;
      if (performance.now() > deadline)
        throw new Error(`keepalived (pid ${pid}) does not answer; see ${this.logPath}`);
      await delay(POLL_MILLISECONDS, undefined, { signal });
    }
  }

  /** Its last lines; begins the log anew before it is full. */
  async log(): Promise<string> {
    try {
      const file = await open(this.logPath, 'r');
      try {
        const { size } = await file.stat();
        const length = Math.min(size, LOG_TAIL_BYTES);
        const { buffer } = await file.read(Buffer.alloc(length), 0, length, size - length);
        if (size > LOG_BYTES / 2) await truncate(this.logPath);
        return buffer.toString();
      } finally {
        await file.close();
      }
    } catch (error) {
      if (errorCode(error) === 'ENOENT') return '';
      throw error;
    }
  }

  async #process(signal: AbortSignal): Promise<DaemonProcess> {
    return (await this.#unit.isInstalled(signal)) ? this.#unit : this.#detached;
  }

  /** Real-time signals have other numbers with another C library. */
  async #signalOfDump(signal: AbortSignal): Promise<number> {
    this.#dumpSignal ??= Number(
      await outputOf(this.#commands, 'keepalived', ['--signum=JSON'], { signal }),
    );
    return this.#dumpSignal;
  }
}

/** It may have ended between the look and the signal. */
function send(pid: number, signal: NodeJS.Signals | number): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if (errorCode(error) !== 'ESRCH') throw error;
  }
}
