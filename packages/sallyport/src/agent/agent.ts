/**
 * The agent's life: one flight of changes at a time, started by a new plan, by events of the daemon,
 * by changes of the kernel, and by a timer. Ends at a signal and leaves every tunnel as it is.
 */
import { spawn } from 'node:child_process';
import { release } from 'node:os';
import { createInterface } from 'node:readline';
import { parseSaEvent, type ViciClient, ViciUnknownEvent } from '@sallyport/vici';
import type { Engine } from '../drivers/strongswan/engine.ts';
import type { HostPlan } from '../plan/host-plan.ts';
import { writeFileAtomic } from '../platform/atomic-file.ts';
import type { HostReport } from '../status/host-report.ts';
import { serveControl } from './control.ts';
import type { Failures } from './failures.ts';
import type { Log } from './log.ts';
import type { PlanSource } from './plan-source.ts';
import type { Reconciler, Round } from './reconciler.ts';
import type { RollGuard } from './roll-guard.ts';
import type { TunnelHistory } from './tunnel-history.ts';
import type { TunnelKeeper } from './tunnel-keeper.ts';

export interface AgentOptions {
  readonly host: string;
  readonly version: string;
  readonly source: PlanSource;
  readonly reconciler: Reconciler;
  readonly keeper: TunnelKeeper;
  readonly engine: Engine;
  readonly client: ViciClient;
  readonly failures: Failures;
  readonly history: TunnelHistory;
  readonly rollGuard: RollGuard;
  readonly reportPath: string;
  readonly controlSocket: string;
  readonly log: Log;
}

/** Full look at everything, with jitter, whatever the events say. */
const RESYNC_MILLISECONDS = 10_000;
/** While something is under way. */
const MOVING_MILLISECONDS = 1_000;
/** Events come in bursts: one round answers many. */
const SETTLE_MILLISECONDS = 100;

/** For taking back what only a running agent may leave in the kernel. */
const CLEAN_UP_MILLISECONDS = 5_000;

const SA_EVENTS = ['ike-updown', 'child-updown', 'ike-rekey', 'child-rekey', 'log'];

export class Agent {
  readonly #options: AgentOptions;
  readonly #startedAt = new Date().toISOString();
  #report: HostReport | undefined;
  #tunnels: HostPlan['tunnels'] = [];
  #round: Promise<void> = Promise.resolve();
  #timer: NodeJS.Timeout | undefined;
  #timerAt = Number.POSITIVE_INFINITY;
  #wantsKernel = true;
  #ended = false;

  constructor(options: AgentOptions) {
    this.#options = options;
  }

  /** Runs until the signal fires. */
  async run(signal: AbortSignal): Promise<void> {
    const { source, controlSocket, client, log, rollGuard } = this.#options;
    // Of an agent that was killed while it exchanged a tunnel.
    await rollGuard.cleanUp(signal);
    const watcher = await source.watch(() => {
      this.#soon({ kernel: true });
    });
    const control = await serveControl(controlSocket, () => this.#freshReport(signal));
    const monitor = this.#watchKernel(signal);
    const events = this.#followEvents(signal);
    const ended = new Promise<void>((resolve) => {
      signal.addEventListener('abort', () => {
        resolve();
      });
    });
    log.info({ host: this.#options.host, pid: process.pid }, 'agent started');
    this.#soon({ kernel: true });
    await ended;
    this.#ended = true;
    clearTimeout(this.#timer);
    watcher.close();
    control.close();
    monitor.kill();
    await client.close();
    await Promise.allSettled([events, this.#round]);
    await rollGuard.cleanUp(AbortSignal.timeout(CLEAN_UP_MILLISECONDS));
    log.info({}, 'agent stopped, tunnels stay up');
  }

  /** A round within moments; many calls make one. */
  #soon(scope: { readonly kernel: boolean }): void {
    this.#wantsKernel ||= scope.kernel;
    this.#schedule(SETTLE_MILLISECONDS);
  }

  #schedule(milliseconds: number): void {
    const at = performance.now() + milliseconds;
    if (this.#ended || at >= this.#timerAt) return;
    clearTimeout(this.#timer);
    this.#timerAt = at;
    this.#timer = setTimeout(() => {
      this.#timerAt = Number.POSITIVE_INFINITY;
      void this.#nextRound();
    }, milliseconds);
  }

  /** Rounds follow each other; none runs beside another. */
  #nextRound(): Promise<void> {
    const next = this.#round.then(() => this.#runRound());
    this.#round = next;
    return next;
  }

  async #runRound(): Promise<void> {
    if (this.#ended) return;
    const { source, reconciler, history, log } = this.#options;
    const scope = { kernel: this.#wantsKernel };
    this.#wantsKernel = false;
    try {
      const { plan, problem } = await source.read();
      const round =
        plan === undefined
          ? IDLE
          : await reconciler.round(plan, scope, AbortSignal.timeout(ROUND_MILLISECONDS));
      this.#tunnels = plan?.tunnels ?? [];
      history.keepOnly(new Set(this.#tunnels.map((tunnel) => tunnel.name)));
      const problems = [...(problem === undefined ? [] : [problem]), ...round.problems];
      for (const { code, message } of problems)
        if (!this.#report?.problems.some((known) => known.message === message))
          log.warn({ code }, message);
      this.#report = this.#toReport(plan, { ...round, problems });
      await writeFileAtomic(this.#options.reportPath, `${JSON.stringify(this.#report)}\n`);
      this.#schedule(this.#pauseAfter(round));
    } catch (error) {
      log.error({ error: error instanceof Error ? error.message : String(error) }, 'round failed');
      this.#wantsKernel = true;
      this.#schedule(RESYNC_MILLISECONDS);
    }
    if (this.#timerAt > performance.now() + RESYNC_MILLISECONDS)
      this.#schedule(RESYNC_MILLISECONDS);
  }

  #pauseAfter(round: Round): number {
    const jittered = RESYNC_MILLISECONDS * (0.75 + Math.random() / 4);
    if (round.isMoving || round.differences.length > 0) return MOVING_MILLISECONDS;
    this.#wantsKernel = true;
    const retryAt = this.#options.keeper.nextAt;
    if (retryAt === undefined) return jittered;
    return Math.max(SETTLE_MILLISECONDS, Math.min(jittered, retryAt - performance.now()));
  }

  #toReport(plan: HostPlan | undefined, round: Round): HostReport {
    const { engine, host, version } = this.#options;
    const isInEffect =
      plan !== undefined &&
      round.differences.length === 0 &&
      !round.problems.some((problem) => problem.severity === 'error');
    return {
      format: 'sallyport.dev/host-report/v1alpha1',
      host: plan?.host ?? host,
      observedAt: new Date().toISOString(),
      agent: { pid: process.pid, version, startedAt: this.#startedAt },
      kernel: release(),
      engine: {
        name: 'strongswan',
        socket: engine.socket,
        running: round.engineVersion !== undefined,
        external: engine.isExternal,
        ...(round.engineVersion === undefined ? {} : { version: round.engineVersion }),
      },
      ...(plan === undefined ? {} : { wantedRevision: plan.revision }),
      ...(isInEffect ? { revisionInEffect: plan.revision } : {}),
      tunnels: round.tunnels,
      differences: round.differences,
      problems: round.problems,
    };
  }

  async #freshReport(signal: AbortSignal): Promise<HostReport> {
    this.#wantsKernel = true;
    await this.#nextRound();
    if (this.#report === undefined || signal.aborted) throw new Error('the agent is ending');
    return this.#report;
  }

  async #followEvents(signal: AbortSignal): Promise<void> {
    const { client, log } = this.#options;
    try {
      for await (const event of client.subscribe(SA_EVENTS, { signal, limit: 100_000 })) {
        if (event.type !== 'event') {
          // A new life of the daemon, or events missed: everything may be different.
          this.#soon({ kernel: event.type === 'reset' });
          continue;
        }
        const parsed = parseSaEvent(event.name, event.message);
        if (parsed?.type === 'log') this.#readLog(parsed);
        else this.#soon({ kernel: false });
      }
    } catch (error) {
      if (signal.aborted) return;
      const isOld = error instanceof ViciUnknownEvent;
      log.warn(
        { error: String(error) },
        isOld ? 'the daemon lacks an event; going on by timer' : 'events ended; going on by timer',
      );
    }
  }

  #readLog(line: {
    readonly ikeName?: string;
    readonly ikeUniqueId?: string;
    readonly text: string;
  }): void {
    const { failures, keeper } = this.#options;
    const failed = failures.readLine(line, this.#tunnels, new Date());
    for (const tunnel of failed) keeper.attemptFailed(tunnel);
    if (failed.length > 0) this.#soon({ kernel: false });
  }

  /** `ip monitor` tells that something changed; what, the next round finds out. */
  #watchKernel(signal: AbortSignal): { kill(): void } {
    const child = spawn('ip', ['monitor', 'link', 'route', 'rule'], {
      stdio: ['ignore', 'pipe', 'ignore'],
      signal,
    });
    child.on('error', (error) => {
      if (!signal.aborted)
        this.#options.log.warn({ error: error.message }, 'ip monitor failed; going on by timer');
    });
    createInterface({ input: child.stdout }).on('line', () => {
      this.#wantsKernel = true;
      this.#schedule(MOVING_MILLISECONDS);
    });
    return { kill: () => child.kill() };
  }
}

/** Longest round: both levels with their deadlines. */
const ROUND_MILLISECONDS = 150_000;

const IDLE: Round = { tunnels: [], differences: [], problems: [], isMoving: false };
