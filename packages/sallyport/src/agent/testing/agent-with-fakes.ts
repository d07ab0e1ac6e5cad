/**
 * An agent whose every neighbour is scripted: rounds answer as the test says, and plan, daemon and
 * kernel speak when the test lets them. The test holds the clock; files, sockets and `ip` are real.
 */
import { execFile } from 'node:child_process';
import { chmod, mkdir, mkdtemp, open, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { buildMessage, type ViciEvent, ViciUnknownEvent } from '@sallyport/vici';
import { type MockInstance, vi } from 'vitest';
import type { Problem } from '../../lib/problem.ts';
import type { ProbeReport } from '../../status/health-report.ts';
import type { HostReport } from '../../status/host-report.ts';
import { Agent, type AgentOptions } from '../agent.ts';
import { askReport } from '../control.ts';
import { Drain } from '../drain.ts';
import { Drill } from '../drill.ts';
import { watchIpsec } from '../kernel-monitor.ts';
import type { SourcedPlan } from '../plan-source.ts';
import type { Round } from '../reconciler.ts';
import { ReportMemory } from '../record/report-memory.ts';
import { SaNews } from '../shard/sa-news.ts';
import { Shard, type ShardParts } from '../shard/shard.ts';
import { Shards } from '../shard/shards.ts';
import { type Entry, rememberingLog } from './quiet-log.ts';

export const WELL: Round = {
  tunnels: [],
  usabilities: [],
  probed: [],
  engines: [
    {
      name: 'strongswan',
      socket: 'unix:///charon.vici',
      state: 'running',
      external: true,
      life: 1,
    },
  ],
  differences: [],
  problems: [],
  isMoving: false,
};

type RoundOf = AgentOptions['reconciler']['round'];

/** Resolves once it holds; everything but the faked timers goes on meanwhile. */
export async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setImmediate(resolve));
}

export class AgentWithFakes implements AsyncDisposable {
  /** Of each round, whether it looked at the kernel. */
  readonly rounds: boolean[] = [];
  readonly entries: Entry[];
  readonly directory: string;
  /** Tunnels whose attempt was called failed, holds that were released, watches that ended. */
  readonly told: string[] = [];
  /** Reports of which events are made. */
  readonly recorded: HostReport[] = [];
  readonly recorderProblems: Problem[] = [];
  sourced: SourcedPlan = {};
  secretProblems: Problem[] = [];
  answer: RoundOf = () => Promise.resolve(WELL);
  move: AgentOptions['reconciler']['moveFlows'] = () => Promise.resolve();
  /** Of an agent before. */
  last: HostReport | undefined;
  /** What they have found out. */
  readonly probes: ProbeReport[] = [];
  cleanUp = (): Promise<void> => {
    this.told.push('holds released');
    return Promise.resolve();
  };
  watch: AgentOptions['source']['watch'] | undefined;
  /** In place of the watch of the daemon's kernel. */
  kernelWatch: ShardParts['watch'] = {
    follow: (listener, signal) => {
      watchIpsec(undefined, listener, this.#log, signal);
      return Promise.resolve();
    },
    renew: () => Promise.resolve(),
  };
  readonly #stop = new AbortController();
  readonly #log: AgentOptions['log'];
  readonly #events: ViciEvent[] = [];
  readonly #timers: MockInstance<typeof setTimeout>;
  #wake: () => void = () => undefined;
  #planChanged: () => void = () => undefined;
  #eventsFault: Error | undefined;
  #agent: Agent | undefined;
  #running: Promise<void> | undefined;
  readonly #keeper: ShardParts['keeper'] & { nextAt: number | undefined } = {
    attemptFailed: (tunnel) => {
      this.told.push(`failed ${tunnel}`);
    },
    nextAt: undefined,
  };

  private constructor(directory: string) {
    this.directory = directory;
    const { log, entries } = rememberingLog();
    this.#log = log;
    this.entries = entries;
    this.#timers = vi.spyOn(globalThis, 'setTimeout');
  }

  /** Fakes the clock and `ip`; its changes come out of a named pipe. */
  static async prepare(): Promise<AgentWithFakes> {
    const directory = await mkdtemp(join(tmpdir(), 'agent-'));
    const bin = join(directory, 'bin');
    await mkdir(bin);
    await promisify(execFile)('mkfifo', [join(directory, 'kernel'), join(directory, 'ipsec')]);
    const script = `case "$*" in
'-oneline monitor label address link route rule') exec cat '${join(directory, 'kernel')}';;
'-s xfrm monitor nokeys SA policy') exec cat '${join(directory, 'ipsec')}';;
esac`;
    await writeFile(join(bin, 'ip'), `#!/bin/sh\n${script}\n`);
    await chmod(join(bin, 'ip'), 0o755);
    vi.stubEnv('PATH', `${bin}${delimiter}${process.env['PATH'] ?? ''}`);
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
    vi.spyOn(Math, 'random').mockReturnValue(0);
    return new AgentWithFakes(directory);
  }

  /** Starts it, and waits for the round with which it begins. */
  async start(): Promise<void> {
    this.run();
    await until(() => this.messages.includes('agent started'));
    await this.pass(100);
  }

  run(): void {
    this.#agent = new Agent(this.#options());
    this.#running = this.#agent.run(this.#stop.signal);
  }

  /** Lets time go by, and waits for the end of the round that it may have brought. */
  async pass(milliseconds: number): Promise<void> {
    await vi.advanceTimersByTimeAsync(milliseconds);
    await this.rest();
  }

  /** Between rounds the agent always waits for the next one. */
  async rest(): Promise<void> {
    await until(() => vi.getTimerCount() > 0);
  }

  /** As SIGTERM; resolves when the agent has ended. */
  async stop(): Promise<void> {
    this.signal();
    await this.#running;
  }

  signal(): void {
    this.#stop.abort();
  }

  get ended(): Promise<void> {
    return this.#running ?? Promise.resolve();
  }

  get messages(): string[] {
    return this.entries.map(({ msg }) => msg);
  }

  /** As in the file that the agent writes. */
  async report(): Promise<HostReport> {
    return JSON.parse(await readFile(this.reportPath, 'utf8')) as HostReport;
  }

  get reportPath(): string {
    return join(this.directory, 'report.json');
  }

  get controlSocket(): string {
    return join(this.directory, 'agent.sock');
  }

  ask(): Promise<HostReport | undefined> {
    return askReport(this.controlSocket);
  }

  /** When the keeper wants to try a tunnel again. */
  retryAt(time: number): void {
    this.#keeper.nextAt = time;
  }

  changePlan(): void {
    this.#planChanged();
  }

  /** Lets something tell the agent, and waits until that has hastened the next round. */
  async hasten(trigger: () => unknown): Promise<void> {
    const before = this.#timers.mock.calls.length;
    await trigger();
    await until(() => this.#timers.mock.calls.length > before && this.#events.length === 0);
  }

  /** As if `ip monitor` printed a line. */
  async changeKernel(line = '[LINK]5: eth0: <BROADCAST,UP> mtu 1500'): Promise<void> {
    const pipe = await open(join(this.directory, 'kernel'), 'w');
    await pipe.write(`${line}\n`);
    await pipe.close();
  }

  /** As if `ip xfrm monitor` printed a line. */
  async changeIpsec(line: string): Promise<void> {
    const pipe = await open(join(this.directory, 'ipsec'), 'w');
    await pipe.write(`${line}\n`);
    await pipe.close();
  }

  moveFlows(): void {
    this.#agent?.moveFlows();
  }

  emit(...events: readonly ViciEvent[]): void {
    this.#events.push(...events);
    this.#wake();
  }

  emitLog(ikeName: string, text: string): void {
    const message = buildMessage({ group: 'IKE', level: '1', 'ikesa-name': ikeName, msg: text });
    this.emit({ type: 'event', name: 'log', message, generation: 1 });
  }

  breakEvents(fault: Error): void {
    this.#eventsFault = fault;
    this.#wake();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop().catch(() => undefined);
    vi.useRealTimers();
    vi.restoreAllMocks();
    vi.unstubAllEnvs();
    await rm(this.directory, { recursive: true });
  }

  #options(): AgentOptions {
    return {
      host: 'gw1',
      version: '0.0.1',
      source: {
        read: () => Promise.resolve(this.sourced),
        watch: (onChange) => {
          this.#planChanged = onChange;
          return this.watch?.(onChange) ?? Promise.resolve({ close: () => undefined } as never);
        },
      },
      reconciler: {
        round: async (...args) => {
          this.rounds.push(args[1].extent.kernel);
          return this.answer(...args);
        },
        moveFlows: (...args) => this.move(...args),
      },
      reflections: { quiet: new Set(), close: () => Promise.resolve() },
      shards: new Shards({ make: () => this.#shard(), found: [], log: this.#log }),
      probes: { follow: () => undefined, view: this.probes, close: () => undefined },
      certificates: { problems: [], wake: () => undefined },
      explainer: { explain: () => Promise.reject(new Error('nobody asks')) },
      drift: { report: { count: 0, last: [], reached: {} } },
      history: {
        keepOnly: () => undefined,
        nextLookAt: undefined,
        saveIfDue: () => Promise.resolve(),
        save: () => {
          this.told.push('history saved');
          return Promise.resolve();
        },
      },
      recorder: {
        record: (report) => {
          this.recorded.push(report);
          return Promise.resolve();
        },
        problems: this.recorderProblems,
      },
      reportMemory: new ReportMemory(),
      secrets: { check: () => Promise.resolve(this.secretProblems) },
      tunnelsBefore: this.last?.tunnels ?? [],
      reportPath: this.reportPath,
      controlSocket: this.controlSocket,
      log: this.#log,
      drain: new Drain(join(this.directory, 'drain.json'), () => new Date(0)),
      drill: new Drill(() => undefined),
    };
  }

  #shard(): Shard {
    return new Shard({
      engine: {
        socket: 'unix:///charon.vici',
        isExternal: true,
        answers: () => Promise.resolve(true),
        stop: () => Promise.resolve(),
      },
      client: {
        generation: 1,
        subscribe: (names) => (names.includes('alert') ? noAlerts() : this.#subscribe()),
        close: () => {
          this.told.push('daemon left');
          this.#wake();
          return Promise.resolve();
        },
      },
      strongswan: { cleanUp: () => Promise.resolve() },
      level: {
        round: () => Promise.reject(new Error('rounds are scripted')),
        noteCurrent: (child) => this.told.push(`child ${child} is current`),
      },
      keeper: this.#keeper,
      news: new SaNews(),
      failures: {
        readLine: ({ ikeName }) => (ikeName === undefined ? [] : [ikeName]),
        readAlert: () => [],
        trailOf: () => [],
        beginLife: () => undefined,
      },
      history: {
        note: ({ type }) => this.told.push(type),
        noteEnd: ({ spi }) => this.told.push(`ended ${spi}`),
      },
      rollGuard: { cleanUp: () => this.cleanUp() },
      watch: this.kernelWatch,
      isThere: () => Promise.resolve(true),
      cleanAfter: () => Promise.resolve(),
      log: this.#log,
    });
  }

  async *#subscribe(): AsyncGenerator<ViciEvent, void, undefined> {
    while (!this.#stop.signal.aborted) {
      if (this.#eventsFault !== undefined) throw this.#eventsFault;
      const event = this.#events.shift();
      if (event !== undefined) yield event;
      else
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
    }
  }
}

/** As a daemon before strongSwan 6.0.3. */
// biome-ignore lint/correctness/useYield: it ends before the first event
async function* noAlerts(): AsyncGenerator<ViciEvent> {
  await Promise.resolve();
  throw new ViciUnknownEvent('alert');
}
