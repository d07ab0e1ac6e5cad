/**
 * How a daemon of ours is started, found again and ended: as a unit where systemd runs and the unit is
 * installed, else as a `DetachedProcess`. Either way it outlives the agent.
 */
import { access } from 'node:fs/promises';
import { type CommandRunner, outputOf } from './command.ts';

export interface DaemonProcess {
  /** Pid of our daemon; undefined where it does not run. */
  find(signal: AbortSignal): Promise<number | undefined>;
  /** Returns once the process is made; it may not answer yet. Throws where it cannot be made. */
  start(signal: AbortSignal): Promise<void>;
  /** Ends our daemon, and no other; returns when it is gone. */
  stop(signal: AbortSignal): Promise<void>;
  /** As `stop`, at once: it says no farewell, and leaves in the kernel what it has there. */
  kill(signal: AbortSignal): Promise<void>;
}

export class UnitProcess implements DaemonProcess {
  readonly #commands: CommandRunner;
  readonly #unit: string;
  /** Asked in every round: a unit that was there once is there until its release goes, and the agent with it. */
  #isKnown = false;

  /** `unit`: name of a service such as `sallyport-charon.service`. */
  constructor(commands: CommandRunner, unit: string) {
    this.#commands = commands;
    this.#unit = unit;
  }

  /** Whether systemd runs here and knows the unit. */
  async isInstalled(signal: AbortSignal): Promise<boolean> {
    if (this.#isKnown) return true;
    try {
      // sd_booted(3): this directory tells that systemd is the init of this system.
      await access('/run/systemd/system');
    } catch {
      return false;
    }
    const { code } = await this.#commands.run('systemctl', ['cat', this.#unit], { signal });
    this.#isKnown = code === 0;
    return this.#isKnown;
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
