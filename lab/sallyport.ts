// Sallyport on a host of the lab, as a person runs it: the built program, its agent, its status.

import { type ChildProcess } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { askReport } from '../packages/sallyport/dist/agent/control.js';
import { type ExecuteOptions, end, type Outcome } from './execute.ts';
import type { Host } from './host.ts';
import { projectDirectory } from './paths.ts';
import { processesOf } from './processes.ts';
import { unitEnvironment } from './unit-environment.ts';
import { until } from './until.ts';

const PROGRAM = join(projectDirectory, 'packages', 'sallyport', 'dist', 'bin', 'sallyport.js');

/** For each report the agent looks at daemon and kernel, which in a guest takes a quarter of a second. */
const REPORT_PAUSE_MILLISECONDS = 300;

const AS_WANTED: ReadonlySet<string> = new Set(['up', 'disabled', 'trapped', 'waiting']);

/** What a tunnel was and has carried. */
export interface HistoryView {
  readonly upSeconds: number;
  readonly flaps: number;
  readonly rekeys: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
  readonly packetsIn: number;
  readonly packetsOut: number;
  readonly lastError?: { readonly code: string };
}

/** What of a tunnel's report the cases look at. */
export interface TunnelView {
  readonly connection: string;
  readonly state: string;
  readonly dataPlane: string;
  readonly interface?: string;
  readonly mtuBytes: number;
  readonly remoteAddress?: string;
  readonly cause?: {
    readonly code: string;
    readonly message: string;
    readonly hint: string;
    readonly at: string;
  };
  readonly ike?: {
    readonly uniqueId: string;
    readonly natDetected: boolean;
    readonly establishedSeconds: number;
  };
  readonly certificates?: {
    readonly local?: { readonly serial: string };
    readonly remote?: { readonly subject: string; readonly serial: string };
  };
  readonly history: HistoryView;
  readonly children: readonly {
    readonly uniqueId: string;
    readonly spiIn: string;
    readonly encapsulated: boolean;
  }[];
}

export interface ReportView {
  readonly wantedRevision?: string;
  readonly revisionInEffect?: string;
  readonly agent: { readonly pid: number; readonly startedAt: string };
  readonly engines: readonly {
    readonly shard?: string;
    readonly state: 'running' | 'silent' | 'stopped';
    readonly external: boolean;
  }[];
  readonly tunnels: readonly TunnelView[];
  readonly differences: readonly {
    readonly text: string;
    readonly tunnel?: string;
    readonly drifted?: true;
  }[];
  readonly drift: {
    readonly count: number;
    readonly last: readonly { readonly text: string; readonly repaired: boolean }[];
  };
  readonly problems: readonly { readonly code: string; readonly message: string }[];
  readonly bgp?: {
    readonly sessions: readonly { readonly state: string; readonly establishedSince?: string }[];
  };
}

export interface ConditionView {
  readonly type: string;
  readonly status: string;
  readonly reason: string;
  readonly message: string;
  readonly observedGeneration: number;
  readonly lastTransitionTime: string;
}

export interface LastReport {
  readonly wantedRevision?: string;
  readonly isInEffect: boolean;
}

/** What is slow has not failed: on a machine that is starved, what is applied may need more than the program's half minute. */
const PATIENCE_SECONDS = 120;
const WAITING: ReadonlySet<string | undefined> = new Set(['apply', 'delete']);

function patiently(args: readonly string[]): readonly string[] {
  if (!WAITING.has(args[0]) || args.includes('--timeout')) return args;
  return [...args, '--timeout', String(PATIENCE_SECONDS)];
}

export class Sallyport {
  readonly host: Host;
  #agent: ChildProcess | undefined;

  constructor(host: Host) {
    this.host = host;
  }

  get environment(): Readonly<Record<string, string>> {
    return {
      SALLYPORT_STATE_DIR: this.host.file('state'),
      SALLYPORT_RUN_DIR: this.host.file('run'),
    };
  }

  async run(args: readonly string[], options: ExecuteOptions = {}): Promise<Outcome> {
    return this.host.exec(process.execPath, [PROGRAM, ...patiently(args)], {
      ...options,
      env: { ...this.environment, ...options.env },
    });
  }

  /** As `run`; throws where the command fails, with everything it said. */
  async mustRun(args: readonly string[], options: ExecuteOptions = {}): Promise<string> {
    const { status, stdout, stderr } = await this.run(args, options);
    if (status === 0) return stdout;
    const log = await this.log();
    throw new Error(
      `sallyport ${args.join(' ')}: exit ${String(status)}\n${stdout}${stderr}\n${log}`,
    );
  }

  /** Returns when the agent answers. */
  async startAgent(args: readonly string[] = []): Promise<void> {
    const agent = this.host.spawn(process.execPath, [PROGRAM, 'agent', ...args], {
      env: { ...this.environment, ...(await unitEnvironment()) },
      outputFile: this.host.file('agent.log'),
    });
    this.#agent = agent;
    await until(
      `the agent of ${this.host.name} answers`,
      async () => {
        if (agent.exitCode !== null) throw new Error(await this.log());
        return (await this.tryReport()) !== undefined;
      },
      30_000,
    );
  }

  /** The one that was started here runs, and has not ended since. */
  get hasAgent(): boolean {
    return this.#agent?.exitCode === null && this.#agent.signalCode === null;
  }

  async endAgent(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    if (this.#agent !== undefined) await end(this.#agent, signal);
  }

  /** Resident memory of the agent now, in MiB (proc(5)). */
  async agentMemory(): Promise<number> {
    const status = await readFile(`/proc/${String(this.#agent?.pid)}/status`, 'utf8');
    return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) / 1_024;
  }

  /** Processor time that the agent has used until now (proc(5): clock ticks of 10 ms). */
  async agentProcessorMilliseconds(): Promise<number> {
    const stat = await readFile(`/proc/${String(this.#agent?.pid)}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return 10 * (Number(fields[11]) + Number(fields[12]));
  }

  /** The built program, for runs under another one. */
  get program(): string {
    return PROGRAM;
  }

  /** Revision of the stored plan; absent before the first one. */
  async planRevision(): Promise<string | undefined> {
    const text = await readFile(this.host.file('state/plan.json'), 'utf8').catch(() => undefined);
    if (text === undefined) return undefined;
    return (JSON.parse(text) as { readonly plan: { readonly revision: string } }).plan.revision;
  }

  /** What the agent wrote last, also after its end: for looks that must be quick. */
  async lastReport(): Promise<LastReport | undefined> {
    const text = await readFile(this.host.file('run/report.json'), 'utf8').catch(() => undefined);
    if (text === undefined) return undefined;
    const { wantedRevision, revisionInEffect } = JSON.parse(text) as ReportView;
    return {
      ...(wantedRevision === undefined ? {} : { wantedRevision }),
      isInEffect: wantedRevision !== undefined && wantedRevision === revisionInEffect,
    };
  }

  /** Of its charon, the only one on the host. */
  async daemonPid(): Promise<number> {
    const found = (await processesOf(this.host)).filter(({ command }) =>
      command.includes('charon-systemd'),
    );
    const [daemon] = found;
    if (found.length !== 1 || daemon === undefined)
      throw new Error(`${this.host.name} runs ${String(found.length)} charons, not one`);
    return daemon.pid;
  }

  /** kill -9 of its charon; returns the pid that it had. */
  async killDaemon(): Promise<number> {
    const pid = await this.daemonPid();
    process.kill(pid, 'SIGKILL');
    return pid;
  }

  /** Asks its charon past Sallyport. */
  async swanctl(args: readonly string[]): Promise<string> {
    const uri = `unix://${this.host.file('run/charon.vici')}`;
    return this.host.mustExec('swanctl', [...args, '--uri', uri]);
  }

  /** Declarations as text, under a name, with a key beside them; the path for `-f`. */
  async declare(
    name: string,
    text: string,
    secrets: Readonly<Record<string, string>> = {},
  ): Promise<string> {
    for (const [file, content] of Object.entries(secrets)) {
      await writeFile(this.host.file(file), content, { mode: 0o600 });
    }
    const path = this.host.file(`${name}.yaml`);
    await writeFile(path, text);
    return path;
  }

  /**
   * What `sallyport status -o json` prints where an agent answers. Asked of the agent itself: it is waited
   * for again and again, and in a guest the start of the program takes most of a second.
   */
  async tryReport(): Promise<ReportView | undefined> {
    return askReport(this.host.file('run/agent.sock'));
  }

  async conditions(kind: string, name: string): Promise<readonly ConditionView[]> {
    const text = await this.mustRun(['get', kind, name, '-o', 'json']);
    const objects = JSON.parse(text) as readonly {
      readonly status?: { readonly conditions: readonly ConditionView[] };
    }[];
    return objects[0]?.status?.conditions ?? [];
  }

  async condition(kind: string, name: string, type: string): Promise<ConditionView> {
    const found = (await this.conditions(kind, name)).find((condition) => condition.type === type);
    if (found === undefined) throw new Error(`${kind} ${name} has no condition ${type}`);
    return found;
  }

  async report(): Promise<ReportView> {
    const report = await this.tryReport();
    if (report === undefined) throw new Error(`no agent on ${this.host.name}: ${await this.log()}`);
    return report;
  }

  async tunnel(connection: string): Promise<TunnelView> {
    const { tunnels } = await this.report();
    const found = tunnels.find((tunnel) => tunnel.connection === connection);
    if (found === undefined) throw new Error(`no tunnel of ${connection} on ${this.host.name}`);
    return found;
  }

  /** Waits until a tunnel is as the condition says, and returns it. */
  async untilTunnel(
    connection: string,
    what: string,
    holds: (tunnel: TunnelView) => boolean,
    milliseconds = 60_000,
  ): Promise<TunnelView> {
    return until(
      `${connection} of ${this.host.name} ${what}`,
      async () => {
        const tunnel = await this.tunnel(connection);
        return holds(tunnel) ? tunnel : undefined;
      },
      milliseconds,
      REPORT_PAUSE_MILLISECONDS,
    ).catch(async (error: unknown) => {
      const state = JSON.stringify(await this.report(), undefined, 1);
      throw new Error(`${String(error)}\n${state}\n${await this.log()}`);
    });
  }

  async untilUp(...connections: readonly string[]): Promise<void> {
    for (const connection of connections) {
      await this.untilTunnel(connection, 'is up', ({ state }) => state === 'up');
    }
  }

  /** Everything declared is in effect, and every tunnel as wanted: `sallyport status` exits with 0. */
  async untilAsDeclared(): Promise<void> {
    await until(
      `what is declared is in effect on ${this.host.name}`,
      async () => {
        const report = await this.tryReport();
        return (
          report?.revisionInEffect !== undefined &&
          report.revisionInEffect === report.wantedRevision &&
          report.tunnels.every(({ state }) => AS_WANTED.has(state))
        );
      },
      60_000,
      REPORT_PAUSE_MILLISECONDS,
    );
  }

  /** The ends of the agent's and the daemon's log. */
  async log(): Promise<string> {
    const parts = await Promise.all(
      ['agent.log', 'run/charon.log'].map(async (name) => {
        const text = await readFile(this.host.file(name), 'utf8').catch(() => '');
        return text.trimEnd().split('\n').slice(-40).join('\n');
      }),
    );
    return parts.join('\n');
  }
}
