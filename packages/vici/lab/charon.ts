// Starts a real charon of its own for one test file: own network, process and mount namespaces, own
// configuration, own VICI socket in a temporary directory. It dies with the test process, also after
// kill -9, and no daemon or configuration of the machine is touched.

import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { glob, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { ViciClient, type ViciClientOptions } from '../src/index.ts';

const execFileAsync = promisify(execFile);
const environment = { ...process.env, LC_ALL: 'C' };

const PROGRAM = '/usr/sbin/charon-systemd';
// kernel-libipsec before kernel-netlink: a kernel without ESP then does for the IKE part as well.
const PLUGINS =
  'random nonce openssl hmac kdf pem x509 pubkey counters kernel-libipsec kernel-netlink socket-default vici';

/** Runs a program without a shell and with messages in English. */
export async function runProgram(program: string, args: readonly string[]): Promise<void> {
  await execFileAsync(program, args, { env: environment });
}

/** Why these tests cannot run here, or false when they can. */
export const skipReason: string | false =
  process.getuid?.() !== 0
    ? 'needs root for namespaces of its own'
    : existsSync(PROGRAM)
      ? false
      : 'charon-systemd is not installed';

export class Charon implements AsyncDisposable {
  readonly socket: string;
  readonly #directory: string;
  #process: ChildProcess | undefined;

  private constructor(directory: string) {
    this.#directory = directory;
    this.socket = `unix://${join(directory, 'vici')}`;
  }

  static async start(): Promise<Charon> {
    const directory = await mkdtemp(join(tmpdir(), 'vici-lab-'));
    const charon = new Charon(directory);
    await writeFile(
      join(directory, 'strongswan.conf'),
      `charon-systemd {
  load = ${PLUGINS}
  syslog { }
  journal { default = -1 }
  filelog { f { path = ${join(directory, 'log')} } }
  plugins { vici { socket = ${charon.socket} } }
}
`,
    );
    await charon.launch();
    return charon;
  }

  /** A client that is closed with the test's scope. */
  client(options: Omit<ViciClientOptions, 'socket'> = {}): ViciClient {
    return new ViciClient({ socket: this.socket, ...options });
  }

  /** Starts the daemon (again) and waits until it answers. */
  async launch(): Promise<void> {
    // The test process may be killed at any time; the kernel then kills this, and unshare its child.
    const namespaces = ['--mount', '--pid', '--net', '--fork', '--kill-child', '--mount-proc'];
    this.#process = spawn('setpriv', ['--pdeathsig', 'KILL', 'unshare', ...namespaces, PROGRAM], {
      stdio: 'ignore',
      env: { ...environment, STRONGSWAN_CONF: join(this.#directory, 'strongswan.conf') },
    });
    await using client = this.client({ reconnect: { initialMs: 10, maxMs: 50 } });
    await new Promise<void>((resolve, reject) => {
      client.onReset(() => {
        resolve();
      });
      this.#process?.once('exit', () => {
        reject(new Error(`${PROGRAM} ended while starting; see ${this.#directory}/log`));
      });
    });
    await this.ip('link', 'set', 'dev', 'lo', 'up');
  }

  /** Process id of the daemon itself as seen from outside. */
  async pid(): Promise<number> {
    // Not every kernel has /proc/PID/task/TID/children (CONFIG_PROC_CHILDREN): look for the parent.
    const parent = String(this.#process?.pid ?? 0);
    for await (const path of glob('/proc/[0-9]*/stat')) {
      const stat = await readFile(path, 'utf8').catch(() => '');
      // proc_pid_stat(5): `pid (comm) state ppid ...`, where comm may hold anything but its end.
      const [, ppid] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      if (ppid === parent) return Number.parseInt(stat, 10);
    }
    throw new Error(`${PROGRAM} does not run`);
  }

  /** Runs `ip` in the daemon's network namespace. */
  async ip(...args: readonly string[]): Promise<void> {
    const pid = String(await this.pid());
    await runProgram('nsenter', ['--target', pid, '--net', 'ip', ...args]);
  }

  /** kill -9, and waits until it is gone. */
  async kill(): Promise<void> {
    const process_ = this.#process;
    if (process_ === undefined) return;
    this.#process = undefined;
    const gone = new Promise((resolve) => process_.once('exit', resolve));
    process_.kill('SIGKILL');
    await gone;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
    await rm(this.#directory, { recursive: true, force: true });
  }
}
