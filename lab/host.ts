// One host of a topology: a named network namespace and what can be done in it.

import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type ExecuteOptions,
  end,
  environment,
  execute,
  mustExecute,
  type Outcome,
} from './execute.ts';
import { Sniffer, type SniffOptions } from './sniffer.ts';

export interface PingOptions {
  /** 3 if absent. */
  readonly count?: number;
  /** Bytes of payload; 56 if absent. */
  readonly size?: number;
  /** 0.1 if absent. */
  readonly intervalSeconds?: number;
  /** How long to wait for each answer; 3 if absent: on a busy machine it takes its time. */
  readonly waitSeconds?: number;
  readonly dontFragment?: boolean;
  /** An address of this host; the one that the kernel chooses if absent. */
  readonly from?: string;
}

export interface PingResult {
  readonly sent: number;
  readonly received: number;
}

export interface SpawnOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** Where both outputs go; nowhere if absent. */
  readonly outputFile?: string;
}

export class Host {
  readonly name: string;
  /** A directory of its own for configuration, sockets and logs; gone with the lab. */
  readonly directory: string;
  /** Of its network namespace, as `ip netns` has it. */
  readonly namespace: string;
  readonly #children = new Set<ChildProcess>();

  constructor(name: string, namespace: string, directory: string) {
    this.name = name;
    this.directory = directory;
    this.namespace = namespace;
  }

  async exec(file: string, args: readonly string[], options?: ExecuteOptions): Promise<Outcome> {
    return execute('ip', this.#within(file, args), options);
  }

  /** As exec, but fails if the program does; returns its output. */
  async mustExec(file: string, args: readonly string[], options?: ExecuteOptions): Promise<string> {
    return mustExecute('ip', this.#within(file, args), options);
  }

  /** Starts a program that runs until it is ended, by the lab's close() at the latest. */
  spawn(file: string, args: readonly string[], options: SpawnOptions = {}): ChildProcess {
    const output = options.outputFile === undefined ? 'ignore' : openSync(options.outputFile, 'a');
    // `ip netns exec` becomes the program: the process that we signal is the program itself.
    const child = spawn('ip', this.#within(file, args), {
      env: environment(options.env),
      stdio: ['ignore', output, output],
    });
    if (typeof output === 'number') closeSync(output);
    this.#children.add(child);
    child.once('exit', () => this.#children.delete(child));
    return child;
  }

  /** Runs `ip -batch` with these lines: many changes, one process. */
  async ip(lines: readonly string[]): Promise<void> {
    await mustExecute('ip', ['-n', this.namespace, '-batch', '-'], {
      input: `${lines.join('\n')}\n`,
    });
  }

  async ping(address: string, options: PingOptions = {}): Promise<PingResult> {
    const { count = 3, size = 56, intervalSeconds = 0.1, waitSeconds = 3 } = options;
    const period = String(intervalSeconds * 1_000);
    const args = ['-q', '-c', String(count), '-b', String(size), '-p', period, '-i', '1'];
    args.push('-t', String(waitSeconds * 1_000));
    if (options.dontFragment === true) args.push('-M');
    if (options.from !== undefined) args.push('-S', options.from);
    // Not ping(8), which waits for the last answer but twice as long as one has taken before.
    const { stdout, stderr } = await this.exec('fping', [...args, address], {
      // For one that hangs: in a guest that is starved the intervals alone have taken twice their time.
      timeoutMs: (count * intervalSeconds + waitSeconds) * 4_000 + 60_000,
    });
    // "10.2.0.2 : xmt/rcv/%loss = 3/2/33%, min/avg/max = 0.05/0.06/0.07"
    const numbers = /xmt\/rcv\/%loss = (\d+)\/(\d+)\//.exec(stderr);
    if (numbers !== null) return { sent: Number(numbers[1]), received: Number(numbers[2]) };
    throw new Error(`ping ${address} on ${this.name}: ${stderr}${stdout}`);
  }

  /** Hides what leaves through this interface behind the interface's address, ports included. */
  async masquerade(interfaceName: string): Promise<void> {
    const rules = `type nat hook postrouting priority srcnat\noifname "${interfaceName}" masquerade`;
    const table = `lab_nat {\nchain out {\n${rules}\n}\n}\n`;
    await this.mustExec('nft', ['-f', '-'], { input: `table ip ${table}table ip6 ${table}` });
  }

  /** Starts to look at an interface; the sniffer is up when this returns. */
  async sniff(interfaceName: string, options: SniffOptions): Promise<Sniffer> {
    return Sniffer.start(this, interfaceName, options);
  }

  /** Writes a file of this host; its path. */
  async write(name: string, content: string): Promise<string> {
    await writeFile(this.file(name), content);
    return this.file(name);
  }

  /** A path for a file of this host. */
  file(name: string): string {
    return join(this.directory, name);
  }

  async close(): Promise<void> {
    await Promise.all([...this.#children].map((child) => end(child, 'SIGKILL')));
  }

  #within(file: string, args: readonly string[]): readonly string[] {
    return ['netns', 'exec', this.namespace, file, ...args];
  }
}
