// A router that Sallyport does not manage: FRR with hand-written configuration, as a stranger would run it. Each
// one has its own daemons, sockets and files.
//
// Manual: https://docs.frrouting.org, "Basic Setup" and "VTY Shell" (-N: a path space of its own).

import type { ChildProcess } from 'node:child_process';
import { access, readFile, writeFile } from 'node:fs/promises';
import { setPriority } from 'node:os';
import { join } from 'node:path';
import { end, mustExecute } from './execute.ts';
import type { Host } from './host.ts';
import { until } from './until.ts';

const RUN_DIRECTORY = '/run/frr';

/** In the order of their start: the others connect to zebra. */
const DAEMONS = ['zebra', 'bfdd', 'bgpd'] as const;

/** A session that is up for so long stays so. */
const STEADY_SECONDS = 2;

export type FrrDaemon = (typeof DAEMONS)[number];

/** The configuration of each daemon that shall run. */
export type FrrConfiguration = Readonly<Partial<Record<FrrDaemon, string>>>;

export class FrrStranger {
  readonly host: Host;
  readonly #configuration: FrrConfiguration;
  readonly #running = new Map<FrrDaemon, ChildProcess>();

  constructor(host: Host, configuration: FrrConfiguration) {
    this.host = host;
    this.#configuration = configuration;
  }

  /** Ready for vtysh when this returns. Also after kill(): starts what does not run. */
  async start(): Promise<void> {
    // The daemons run as a user that may not look into the lab's own directories.
    const owned = ['-d', '-o', 'frr', '-g', 'frr'];
    await mustExecute('install', [...owned, RUN_DIRECTORY, this.#directory]);
    for (const daemon of DAEMONS) {
      const text = this.#configuration[daemon];
      if (text !== undefined && !this.#running.has(daemon)) await this.#start(daemon, text);
    }
  }

  /** The answer to a command that ends in `json`; `{}` where there is nothing to tell. */
  async show(command: string): Promise<unknown> {
    const words = await this.host.mustExec('vtysh', ['-N', this.host.namespace, '-c', command]);
    return words.trim() === '' ? {} : (JSON.parse(words) as unknown);
  }

  /** Types lines into its configuration; throws where it does not take one. */
  async configure(...lines: readonly string[]): Promise<void> {
    const commands = ['configure terminal', ...lines].flatMap((line) => ['-c', line]);
    const words = await this.host.mustExec('vtysh', ['-N', this.host.namespace, ...commands]);
    if (words.includes('%')) throw new Error(`${this.host.name}: ${words}`);
  }

  /** As below: what has just begun may fall back while everything else begins. */
  async untilFastBfd(milliseconds: number): Promise<void> {
    await until(`BFD of ${this.host.name} is up`, () => this.hasFastBfd(), milliseconds);
  }

  /** There are sessions of BFD, and each is up for some time, and as fast as it will be: below a second (RFC 5880 §6.8.3). */
  async hasFastBfd(): Promise<boolean> {
    const sessions = (await this.show('show bfd peers json')) as readonly {
      readonly status: string;
      /** Seconds; absent: it is not up. */
      readonly uptime?: number;
      readonly 'remote-transmit-interval': number;
    }[];
    return (
      sessions.length > 0 &&
      sessions.every(
        ({ status, uptime = 0, ...session }) =>
          status === 'up' &&
          uptime >= STEADY_SECONDS &&
          session['remote-transmit-interval'] < 1_000,
      )
    );
  }

  /** As if it crashed: says nothing to anybody. */
  async kill(daemon: FrrDaemon): Promise<void> {
    const child = this.#running.get(daemon);
    if (child === undefined) throw new Error(`no ${daemon} runs on ${this.host.name}`);
    this.#running.delete(daemon);
    await end(child, 'SIGKILL');
  }

  get #directory(): string {
    return join(RUN_DIRECTORY, this.host.namespace);
  }

  async #start(daemon: FrrDaemon, text: string): Promise<void> {
    const config = join(this.#directory, `${daemon}.conf`);
    await writeFile(config, text);
    const output = this.host.file(`${daemon}.out`);
    const args = ['-N', this.host.namespace, '-f', config, '--log', 'stdout', '--vty_port', '0'];
    const child = this.host.spawn(join('/usr/lib/frr', daemon), args, { outputFile: output });
    // It stands for a machine with a processor of its own.
    if (child.pid !== undefined) setPriority(child.pid, -15);
    this.#running.set(daemon, child);
    const sockets = [`${daemon}.vty`, ...(daemon === 'zebra' ? ['zserv.api'] : [])];
    await until(
      `${daemon} of ${this.host.name} listens`,
      async () => {
        if (child.exitCode !== null) throw new Error(await readFile(output, 'utf8'));
        await Promise.all(sockets.map((socket) => access(join(this.#directory, socket))));
        return true;
      },
      20_000,
      20,
    );
  }
}
