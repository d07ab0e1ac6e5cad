/**
 * The charon that carries our tunnels. It is started apart from the agent and outlives it: traffic goes
 * on while the agent is upgraded or gone. There can be one IKE daemon in a network namespace, since
 * UDP 500 and 4500 are its own: a shard of the host has its own of both. A foreign daemon is used when
 * told to, and never started or stopped.
 */
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { ViciClient } from '@sallyport/vici';
import { messageOf } from '../../lib/message-of.ts';
import { writeFileAtomic } from '../../platform/atomic-file.ts';
import type { CommandRunner } from '../../platform/linux/command.ts';
import { type DaemonProcess, UnitProcess } from '../../platform/linux/daemon-process.ts';
import { DetachedProcess, NotInstalledError } from '../../platform/linux/detached-process.ts';
import { commandsIn, hasNamespace, isInNamespace } from '../../platform/linux/network-namespace.ts';
import { EngineError } from './engine-error.ts';
import { renderEngineConfig } from './render-config.ts';
import { ViciSocket } from './vici-socket.ts';

/** charon-systemd needs no systemd and writes no pid file: several can run, one a namespace. */
const PROGRAM = '/usr/sbin/charon-systemd';
const START_MILLISECONDS = 15_000;
const POLL_MILLISECONDS = 50;

export interface EngineOptions {
  /** Directory of mode 0700 for configuration, socket, log and pid file. */
  readonly runDirectory: string;
  /** VICI address of a daemon that somebody else runs. */
  readonly externalSocket?: string;
  /** Where it runs; absent: in the agent's own. */
  readonly networkNamespace?: string;
  readonly commands: CommandRunner;
}

export class Engine {
  readonly socket: string;
  readonly isExternal: boolean;
  readonly #options: EngineOptions;
  readonly #configPath: string;
  readonly #unit: UnitProcess;
  readonly #detached: DetachedProcess;
  /** Of our own daemon. */
  readonly #file: ViciSocket;

  constructor(options: EngineOptions) {
    this.#options = options;
    this.isExternal = options.externalSocket !== undefined;
    this.socket = options.externalSocket ?? `unix://${join(options.runDirectory, 'charon.vici')}`;
    this.#file = new ViciSocket(join(options.runDirectory, 'charon.vici'));
    this.#configPath = join(options.runDirectory, 'strongswan.conf');
    const { networkNamespace } = options;
    const instance = networkNamespace === undefined ? '' : `@${networkNamespace}`;
    this.#unit = new UnitProcess(options.commands, `sallyport-charon${instance}.service`);
    this.#detached = new DetachedProcess({
      pidPath: join(options.runDirectory, 'charon.pid'),
      program: PROGRAM,
      packageName: 'charon-systemd',
      env: { STRONGSWAN_CONF: this.#configPath },
      ...(networkNamespace === undefined ? {} : { networkNamespace }),
    });
  }

  /** Adopts the running daemon, or starts one. Throws {@link EngineError}. */
  async ensure(userspace: boolean, signal: AbortSignal): Promise<'running' | 'started'> {
    if (this.isExternal) {
      if (await this.answers(signal)) return 'running';
      throw new EngineError(
        'engine/no-answer',
        `the IKE daemon at ${this.socket} does not answer; is it running, with the vici plugin?`,
      );
    }
    const config = this.#configFor(userspace);
    const process = await this.#process(signal);
    const pid = await process.find(signal);
    const isAsWanted = pid !== undefined && (await this.#isAsWanted(pid, config));
    if (isAsWanted) {
      if (await this.#adopt(signal)) return 'running';
      if (await this.#file.isThere())
        throw new EngineError(
          'engine/no-answer',
          `charon (pid ${pid}) runs and does not answer on ${this.socket}`,
        );
    }
    await this.#refuseWithoutNamespace();
    // Without a socket nobody will ever reach it again. Killed, it says no farewell to its peers, and the
    // kernel goes on with its SAs until those of the next one are up.
    if (isAsWanted) await process.kill(signal);
    // Plugins are chosen at start, and the namespace: another of either needs another process.
    else if (pid !== undefined) await this.stop(signal);
    await this.#refuseForeign(signal);
    await this.#file.remove();
    await mkdir(this.#options.runDirectory, { recursive: true, mode: 0o700 });
    await writeFileAtomic(this.#configPath, config);
    await this.#start(process, signal);
    if (!(await this.#untilItAnswers(signal))) {
      throw new EngineError(
        'engine/no-start',
        `charon did not come up; see ${join(this.#options.runDirectory, 'charon.log')}`,
      );
    }
    await this.#file.keep();
    return 'started';
  }

  /** Whether the daemon that runs answers, after its socket was made good if that was removed. */
  async #adopt(signal: AbortSignal): Promise<boolean> {
    const isReached =
      (await this.answers(signal)) ||
      // It may just have been started, by an agent that was killed, and have no socket yet.
      (!(await this.#file.isThere()) &&
        ((await this.#file.restore()) || (await this.#untilItAnswers(signal))) &&
        (await this.answers(signal)));
    if (isReached) await this.#file.keep();
    return isReached;
  }

  /** Nothing runs before it: what fails here leaves no daemon, unless it was broken off. */
  async #start(process: DaemonProcess, signal: AbortSignal): Promise<void> {
    try {
      await process.start(signal);
    } catch (error) {
      signal.throwIfAborted();
      const code = error instanceof NotInstalledError ? 'engine/not-installed' : 'engine/no-start';
      throw new EngineError(code, messageOf(error), { cause: error });
    }
  }

  /** Whether `ensure` would end the running daemon with all its SAs, to start it otherwise. */
  async wouldRestart(userspace: boolean, signal: AbortSignal): Promise<boolean> {
    if (this.isExternal) return false;
    const pid = await (await this.#process(signal)).find(signal);
    if (pid === undefined) return false;
    return !(await this.#isAsWanted(pid, this.#configFor(userspace)));
  }

  #presentConfig(): Promise<string> {
    return readFile(this.#configPath, 'utf8').catch(() => '');
  }

  #configFor(userspace: boolean): string {
    return renderEngineConfig({
      socketPath: join(this.#options.runDirectory, 'charon.vici'),
      logPath: join(this.#options.runDirectory, 'charon.log'),
      userspace,
    });
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
    await (await this.#process(signal)).stop(signal);
    await this.#file.remove();
  }

  async #process(signal: AbortSignal): Promise<DaemonProcess> {
    return (await this.#unit.isInstalled(signal)) ? this.#unit : this.#detached;
  }

  /** False after the time that a start may take. */
  async #untilItAnswers(signal: AbortSignal): Promise<boolean> {
    const deadline = performance.now() + START_MILLISECONDS;
    while (!(await this.answers(signal))) {
      if (performance.now() > deadline) return false;
      await delay(POLL_MILLISECONDS, undefined, { signal });
    }
    return true;
  }

  async #isAsWanted(pid: number, config: string): Promise<boolean> {
    if ((await this.#presentConfig()) !== config) return false;
    const { networkNamespace } = this.#options;
    // Where the name is gone, what runs in the namespace that had it goes on.
    if (networkNamespace === undefined || !(await hasNamespace(networkNamespace))) return true;
    return isInNamespace(pid, networkNamespace);
  }

  async #refuseWithoutNamespace(): Promise<void> {
    const { networkNamespace } = this.#options;
    if (networkNamespace === undefined || (await hasNamespace(networkNamespace))) return;
    throw new EngineError(
      'engine/no-network-namespace',
      `network namespace ${networkNamespace} of a shard is not there: make it with ip netns add, with the addresses that the Host declares`,
    );
  }

  async #refuseForeign(signal: AbortSignal): Promise<void> {
    const { networkNamespace, commands } = this.#options;
    const ports = await boundIkePorts(commandsIn(networkNamespace, commands), signal);
    if (ports.length === 0) return;
    const [place, way] =
      networkNamespace === undefined
        ? ['on this host', 'tell Sallyport to use it with --charon-socket, or stop it']
        : [`in network namespace ${networkNamespace}`, 'stop it'];
    throw new EngineError(
      'engine/foreign-daemon',
      `another IKE daemon already runs ${place} (UDP ${ports.join(' and ')} is taken): ${way}`,
    );
  }
}

/** IKE ports (RFC 7296 §2, RFC 3948) bound in the network namespace of the commands. */
async function boundIkePorts(commands: CommandRunner, signal: AbortSignal): Promise<number[]> {
  // Without IPv6 in the kernel the second file is missing, and what is printed of the first counts.
  const args = ['/proc/self/net/udp', '/proc/self/net/udp6'];
  const { stdout } = await commands.run('cat', args, { signal });
  const bound = stdout
    .split('\n')
    .map((line) => Number.parseInt(/^\s*\d+: [0-9A-F]+:([0-9A-F]{4}) /.exec(line)?.[1] ?? '', 16));
  return [500, 4500].filter((port) => bound.includes(port));
}
