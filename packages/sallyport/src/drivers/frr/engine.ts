/**
 * Our own zebra, bfdd and bgpd, in a path space of their own below /run/frr, so that `vtysh -N NAME` finds
 * them too. They are started apart from the agent and outlive it, with an empty configuration: what they
 * do is told to them while they run. There can be one zebra in a network namespace: a second one takes over,
 * and sweeps, the routes of the first.
 */
import { access, mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { messageOf } from '../../lib/message-of.ts';
import { sha256Hex } from '../../lib/sha256.ts';
import { writeFileAtomic } from '../../platform/atomic-file.ts';
import { type CommandRunner, outputOf } from '../../platform/linux/command.ts';
import { type DaemonProcess, UnitProcess } from '../../platform/linux/daemon-process.ts';
import { DetachedProcess, NotInstalledError } from '../../platform/linux/detached-process.ts';
import { processesNamed } from '../../platform/linux/processes.ts';
import { FrrError } from './engine-error.ts';
import { VtyError, VtySocket } from './vty-socket.ts';

/** In the order in which they need each other. */
export const DAEMONS = ['zebra', 'bfdd', 'bgpd'] as const;
export type Daemon = (typeof DAEMONS)[number];

const PACKAGE = 'frr';
const PROGRAMS = '/usr/lib/frr';
const SOCKETS = '/run/frr';
/** Instance of the agent that has the usual run directory. */
const USUAL = { runDirectory: '/run/sallyport', instance: 'sallyport' } as const;

/**
 * What each one needs besides its path space: no TCP port to type into, and no defaults but these. Routes of
 * a zebra that was killed stay until bgpd has told the next one: it tries every 10 s. Without `--v6-rr-semantics` a
 * route of IPv6 that is to lead elsewhere is removed first, and packets fall into the hole.
 */
const ARGUMENTS: Readonly<Record<Daemon, readonly string[]>> = {
  zebra: ['-P', '0', '-F', 'traditional', '-K', '15', '--v6-rr-semantics'],
  bfdd: ['-P', '0', '-F', 'traditional'],
  bgpd: ['-P', '0', '-F', 'traditional'],
};

/** Before its first look at the kernel: nexthop objects carry no mark of ours, and stay when it is killed. */
const ZEBRA_CONFIG = 'no zebra nexthop kernel enable\n';

const START_MILLISECONDS = 15_000;
const POLL_MILLISECONDS = 50;

export interface FrrEngineOptions {
  /** Of the agent: pid files go there, and other ones have other path spaces. */
  readonly runDirectory: string;
  readonly commands: CommandRunner;
  /** A daemon has ended. */
  readonly onEnd?: () => void;
}

export class FrrEngine {
  readonly vty: Readonly<Record<Daemon, VtySocket>>;
  readonly #commands: CommandRunner;
  readonly #instance: string;
  readonly #directory: string;
  readonly #runDirectory: string;
  readonly #ownConfig: string;
  /** Its copy, where zebra can read it. */
  readonly #zebraConfig: string;
  readonly #units: Readonly<Record<Daemon, UnitProcess>>;
  readonly #detached: Readonly<Record<Daemon, DetachedProcess>>;

  constructor({ runDirectory, commands, onEnd }: FrrEngineOptions) {
    this.#commands = commands;
    this.#instance = instanceOf(runDirectory);
    this.#runDirectory = runDirectory;
    this.#directory = join(SOCKETS, this.#instance);
    this.#ownConfig = join(runDirectory, 'zebra.conf');
    this.#zebraConfig = join(this.#directory, 'zebra.conf');
    this.vty = forEach(
      (daemon) =>
        new VtySocket({
          daemon,
          path: join(this.#directory, `${daemon}.vty`),
          ...(onEnd === undefined ? {} : { onEnd }),
        }),
    );
    this.#units = forEach((daemon) => new UnitProcess(commands, `sallyport-frr@${daemon}.service`));
    this.#detached = forEach(
      (daemon) =>
        new DetachedProcess({
          pidPath: join(runDirectory, `${daemon}.pid`),
          program: programOf(daemon),
          packageName: PACKAGE,
          args: this.#argumentsOf(daemon),
          isPunctual: true,
        }),
    );
  }

  /** Adopts the daemons that run, and starts the others. Throws {@link FrrError}. */
  async ensure(signal: AbortSignal): Promise<'running' | 'started'> {
    let outcome: 'running' | 'started' = 'running';
    for (const daemon of DAEMONS) {
      const deadline = performance.now() + START_MILLISECONDS;
      // Mostly it does, and no process has to be started for that.
      if (await this.#answers(daemon, signal)) continue;
      const process = await this.#process(daemon, signal);
      if ((await process.find(signal)) !== undefined) {
        const isGone = async (): Promise<boolean> => (await process.find(signal)) === undefined;
        if (await this.#untilItAnswers(daemon, { isGone, deadline }, signal)) continue;
        // Nobody will ever reach it again. Killed, it takes nothing back from the kernel.
        await process.kill(signal);
      }
      if (daemon === 'zebra') await this.#refuseForeign();
      await this.#start(daemon, process, signal);
      outcome = 'started';
    }
    return outcome;
  }

  /** Whether one of them runs, or has left something. */
  async isRunning(signal: AbortSignal): Promise<boolean> {
    for (const daemon of DAEMONS) {
      const process = await this.#process(daemon, signal);
      if ((await process.find(signal)) !== undefined) return true;
    }
    return false;
  }

  /** Ends them, and no others: bgpd says goodbye, zebra takes its routes away. Leaves no file. */
  async stop(signal: AbortSignal): Promise<void> {
    this.close();
    for (const daemon of DAEMONS.toReversed()) {
      await (await this.#process(daemon, signal)).stop(signal);
      await rm(this.#argumentFileOf(daemon), { force: true });
    }
    await rm(this.#ownConfig, { force: true });
    await rm(this.#directory, { recursive: true, force: true });
  }

  /** Leaves the daemons as they are. */
  close(): void {
    for (const daemon of DAEMONS) this.vty[daemon].close();
  }

  /** The units are those of the usual instance. */
  async #process(daemon: Daemon, signal: AbortSignal): Promise<DaemonProcess> {
    const isUsual = this.#instance === USUAL.instance;
    const unit = this.#units[daemon];
    return isUsual && (await unit.isInstalled(signal)) ? unit : this.#detached[daemon];
  }

  async #start(daemon: Daemon, process: DaemonProcess, signal: AbortSignal): Promise<void> {
    try {
      await this.#prepare(signal);
      // Systemd splits it at blanks.
      const line = `ARGUMENTS=${this.#argumentsOf(daemon).join(' ')}\n`;
      if (process instanceof UnitProcess) await writeFileAtomic(this.#argumentFileOf(daemon), line);
      await process.start(signal);
    } catch (error) {
      signal.throwIfAborted();
      const isMissing = error instanceof NotInstalledError;
      const code = isMissing ? 'routing/not-installed' : 'routing/no-start';
      throw new FrrError(code, messageOf(error), { cause: error });
    }
    // It has no pid file yet.
    const isGone = (): Promise<boolean> => Promise.resolve(false);
    const deadline = performance.now() + START_MILLISECONDS;
    if (await this.#untilItAnswers(daemon, { isGone, deadline }, signal)) return;
    throw new FrrError('routing/no-start', `${daemon} of FRR does not come up`);
  }

  /** What the daemons need before they have given up root: FRR makes its own directories only below one that is there. */
  async #prepare(signal: AbortSignal): Promise<void> {
    for (const daemon of DAEMONS) await access(programOf(daemon)).catch(notThere(daemon));
    await mkdir(this.#runDirectory, { recursive: true, mode: 0o700 });
    const isThere = await access(SOCKETS).then(
      () => true,
      () => false,
    );
    const directories = [...(isThere ? [] : [SOCKETS]), this.#directory];
    const owner = ['-o', 'frr', '-g', 'frr'];
    const install = (args: readonly string[]): Promise<string> =>
      outputOf(this.#commands, 'install', args, { signal });
    await install(['-d', '-m', '755', ...owner, ...directories]);
    // Not written there: the daemons' user could lead us to a file of somebody else.
    await writeFileAtomic(this.#ownConfig, ZEBRA_CONFIG);
    await install(['-m', '644', '-T', this.#ownConfig, this.#zebraConfig]);
  }

  async #refuseForeign(): Promise<void> {
    const [pid] = await processesNamed('zebra');
    if (pid === undefined) return;
    throw new FrrError(
      'routing/foreign-frr',
      `another FRR already runs on this host (zebra has pid ${pid}), and two would take each other's routes: stop it`,
    );
  }

  async #untilItAnswers(
    daemon: Daemon,
    { isGone, deadline }: { readonly isGone: () => Promise<boolean>; readonly deadline: number },
    signal: AbortSignal,
  ): Promise<boolean> {
    while (performance.now() < deadline && !(await isGone())) {
      if (await this.#answers(daemon, signal)) return true;
      await delay(POLL_MILLISECONDS, undefined, { signal });
    }
    return false;
  }

  async #answers(daemon: Daemon, signal: AbortSignal): Promise<boolean> {
    try {
      await this.vty[daemon].show('show version', signal);
      return true;
    } catch (error) {
      if (error instanceof VtyError) return false;
      throw error;
    }
  }

  /** For its unit: `deploy/systemd/sallyport-frr@.service`. */
  #argumentFileOf(daemon: Daemon): string {
    return join(this.#runDirectory, `${daemon}.arguments`);
  }

  #argumentsOf(daemon: Daemon): readonly string[] {
    const config = daemon === 'zebra' ? this.#zebraConfig : '/dev/null';
    return ['-N', this.#instance, '-f', config, ...ARGUMENTS[daemon]];
  }
}

function programOf(daemon: Daemon): string {
  return join(PROGRAMS, daemon);
}

function notThere(daemon: Daemon): (cause: unknown) => never {
  return (cause) => {
    throw new NotInstalledError(programOf(daemon), PACKAGE, { cause });
  };
}

/** Name of the path space: another run directory has another one. */
function instanceOf(runDirectory: string): string {
  if (runDirectory === USUAL.runDirectory) return USUAL.instance;
  return `${USUAL.instance}-${sha256Hex(runDirectory).slice(0, 8)}`;
}

function forEach<T>(make: (daemon: Daemon) => T): Readonly<Record<Daemon, T>> {
  return { zebra: make('zebra'), bfdd: make('bfdd'), bgpd: make('bgpd') };
}
