// A neighbour that somebody has set up by hand: FRR in a network namespace of its own, at the other end of
// one cable. It has never heard of Sallyport, and keeps to no policy.
//
//     [this namespace] tun --- tun stranger
//     169.254.10.2/30          169.254.10.1/30
//     2001:db8:a::2/126        2001:db8:a::1/126
//     169.254.11.0/31          169.254.11.1/31
//     10.60.255.31/32          10.60.255.30/32
//     lo 10.20.0.11, 2001:db8:20::11

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { VtySocket } from '../src/drivers/frr/vty-socket.ts';
import { outputOf, systemCommands } from '../src/platform/linux/command.ts';
import { ipBatch, Namespace } from './namespace.ts';

const INSTANCE = 'stranger';
const DIRECTORY = `/run/frr/${INSTANCE}`;
const DAEMONS = ['zebra', 'bfdd', 'bgpd'] as const;
type Daemon = (typeof DAEMONS)[number];

const { signal } = new AbortController();

export class FrrStranger implements AsyncDisposable {
  readonly #namespace: Namespace;
  readonly #daemons: ChildProcess[] = [];
  readonly #vty = new Map<Daemon, VtySocket>();

  private constructor(namespace: Namespace) {
    this.#namespace = namespace;
  }

  static async create(): Promise<FrrStranger> {
    const stranger = new FrrStranger(await Namespace.create());
    await stranger.#connect();
    await outputOf(systemCommands, 'install', [
      ...['-d', '-m', '755', '-o', 'frr', '-g', 'frr', '/run/frr'],
    ]);
    for (const daemon of DAEMONS) await stranger.#start(daemon);
    return stranger;
  }

  /** Returns once it answers: bgpd that finds no zebra tries again after ten seconds. */
  async #start(daemon: Daemon): Promise<void> {
    const args = ['-t', this.#namespace.pid, '-n', `/usr/lib/frr/${daemon}`];
    const child = spawn('nsenter', [...args, '-N', INSTANCE, '-f', '/dev/null', '-P', '0'], {
      stdio: 'ignore',
    });
    this.#daemons.push(child);
    const vty = new VtySocket({ daemon, path: `${DIRECTORY}/${daemon}.vty` });
    this.#vty.set(daemon, vty);
    while (child.exitCode === null) {
      const answer = await vty.show('show version', signal).catch(() => undefined);
      if (answer !== undefined) return;
      await delay(20);
    }
    throw new Error(`${daemon} of the stranger ended with ${child.exitCode}`);
  }

  async #connect(): Promise<void> {
    await ipBatch([
      'link set dev lo up',
      'address add 10.20.0.11/32 dev lo',
      'address add 2001:db8:20::11/128 dev lo',
      `link add tun type veth peer name tun netns ${this.#namespace.pid}`,
      'address add 169.254.10.2/30 dev tun',
      'address add 2001:db8:a::2/126 dev tun nodad',
      'address add 169.254.11.0/31 dev tun',
      'address add 10.60.255.31/32 dev tun',
      'link set dev tun up',
      'route add 10.60.255.30/32 dev tun src 10.60.255.31',
    ]);
    const lines = [
      ...['link set dev lo up', 'address add 169.254.10.1/30 dev tun'],
      'address add 2001:db8:a::1/126 dev tun nodad',
      ...['address add 169.254.11.1/31 dev tun', 'address add 10.60.255.30/32 dev tun'],
      ...['link set dev tun up', 'route add 10.60.255.31/32 dev tun src 10.60.255.30'],
    ];
    await this.#namespace.run(['ip', '-batch', '-'], `${lines.join('\n')}\n`);
  }

  async show(daemon: Daemon, command: string): Promise<string> {
    return (await this.#vty.get(daemon)?.show(command, signal)) ?? '';
  }

  /** Lines as its administrator types them. */
  async type(daemon: Daemon, lines: string): Promise<void> {
    const typed = lines.split('\n').map((line) => ({ text: line.trim() }));
    const wanted = typed.filter(({ text }) => text !== '');
    await this.#vty.get(daemon)?.configure(wanted, signal);
  }

  /** Packets to it and from it are lost, as somewhere on the way. */
  async cut(): Promise<void> {
    const chains = ['input', 'output'].map(
      (hook) => `chain ${hook} { type filter hook ${hook} priority 0; policy drop; };`,
    );
    await this.#namespace.run(['nft', '-f', '-'], `table inet cut { ${chains.join(' ')} };\n`);
  }

  async mend(): Promise<void> {
    await this.#namespace.run(['nft', 'delete', 'table', 'inet', 'cut']);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const vty of this.#vty.values()) vty.close();
    for (const child of this.#daemons) {
      if (child.exitCode !== null) continue;
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
    await ipBatch(['link delete dev tun']);
    await this.#namespace[Symbol.asyncDispose]();
    await rm(DIRECTORY, { recursive: true, force: true });
  }
}
