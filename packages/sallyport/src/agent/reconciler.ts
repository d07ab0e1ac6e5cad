/**
 * One host, level by level: daemon -> kernel -> credentials and connections -> tunnels -> read back.
 * Each level reports what it could not do and lets the next one go on; a later round tries again.
 */
import type { ViciClient } from '@sallyport/vici';
import { type ApplyReport, type Change, type Driver, formatChange } from '../drivers/driver.ts';
import type { KernelChange, KernelDesired, ObservedKernel } from '../drivers/kernel/state.ts';
import type { StrongswanDriver } from '../drivers/strongswan/driver.ts';
import type { Engine } from '../drivers/strongswan/engine.ts';
import { EngineError } from '../drivers/strongswan/engine-error.ts';
import { readTunnel } from '../drivers/strongswan/parse.ts';
import type { Problem } from '../lib/problem.ts';
import type { HostPlan } from '../plan/host-plan.ts';
import type { TunnelReport } from '../status/host-report.ts';
import type { Failures } from './failures.ts';
import type { Log } from './log.ts';
import type { TunnelHistory } from './tunnel-history.ts';
import type { TunnelKeeper } from './tunnel-keeper.ts';

export interface Round {
  readonly tunnels: readonly TunnelReport[];
  /** What still differs after this round, as lines; empty: the plan is in effect, proven. */
  readonly differences: readonly string[];
  readonly problems: readonly Problem[];
  readonly engineVersion?: string;
  /** Something was initiated or ended: look again soon. */
  readonly isMoving: boolean;
}

export interface ReconcilerOptions {
  readonly engine: Engine;
  readonly client: ViciClient;
  readonly kernel: Driver<KernelDesired, ObservedKernel, KernelChange>;
  readonly strongswan: StrongswanDriver;
  readonly keeper: TunnelKeeper;
  readonly failures: Failures;
  readonly history: TunnelHistory;
  readonly log: Log;
}

/** Deadline of one level. A thousand connections load in well under a second. */
const LEVEL_MILLISECONDS = 60_000;

export class Reconciler {
  readonly #options: ReconcilerOptions;
  #kernelDifferences: readonly string[] = [];
  /** Revision that the kernel was last compared with. */
  #kernelRevision: string | undefined;

  constructor(options: ReconcilerOptions) {
    this.#options = options;
  }

  /** `kernel: false` leaves the kernel as it was found last: for rounds that an SA event asks for. */
  async round(
    plan: HostPlan,
    scope: { readonly kernel: boolean },
    signal: AbortSignal,
  ): Promise<Round> {
    const problems: Problem[] = [];
    const isNeeded = plan.tunnels.some((tunnel) => tunnel.enabled);
    const isRunning = await this.#ensureEngine(plan, isNeeded, problems, signal);
    // Of another plan it says nothing how the kernel was found.
    if (scope.kernel || this.#kernelRevision !== plan.revision) {
      this.#kernelRevision = plan.revision;
      this.#kernelDifferences = await this.#applyKernel(plan, problems, signal);
    }
    const differences = [...this.#kernelDifferences];
    if (!isRunning) {
      if (isNeeded) differences.push('IKE daemon: not running');
      const now = new Date();
      return {
        tunnels: plan.tunnels.map((tunnel) => {
          if (isNeeded)
            this.#options.failures.note(
              tunnel,
              { code: 'engine/not-running', named: [], isSpecific: true },
              now,
            );
          return this.#options.history.complete(
            readTunnel(tunnel, []),
            this.#options.failures.causeOf(tunnel.name),
            now,
          );
        }),
        differences,
        problems,
        isMoving: false,
      };
    }
    const strongswan = await this.#applyStrongswan(plan, problems, signal);
    return { ...strongswan, differences: [...differences, ...strongswan.differences], problems };
  }

  async #ensureEngine(
    plan: HostPlan,
    isNeeded: boolean,
    problems: Problem[],
    signal: AbortSignal,
  ): Promise<boolean> {
    const { engine, log } = this.#options;
    const bounded = AbortSignal.any([signal, AbortSignal.timeout(LEVEL_MILLISECONDS)]);
    try {
      // A daemon without a plan is left alone, and still asked for what it holds of ours.
      if (!isNeeded) return await engine.answers(bounded);
      if ((await engine.ensure(plan.engine.userspace, bounded)) === 'started')
        log.info({ socket: engine.socket }, 'IKE daemon started');
      return true;
    } catch (error) {
      problems.push(toProblem(error instanceof EngineError ? error.code : 'engine/failed', error));
      return false;
    }
  }

  async #applyKernel(plan: HostPlan, problems: Problem[], signal: AbortSignal): Promise<string[]> {
    const { kernel } = this.#options;
    const bounded = AbortSignal.any([signal, AbortSignal.timeout(LEVEL_MILLISECONDS)]);
    try {
      const changes = kernel.diff(await kernel.observe(bounded), plan);
      if (changes.length === 0) return [];
      const report = await kernel.apply(changes, bounded);
      this.#logReport(report);
      const left = kernel.diff(await kernel.observe(bounded), plan);
      return [...left.map((change) => `kernel: ${formatChange(change)}`), ...failureLines(report)];
    } catch (error) {
      problems.push(toProblem('kernel/failed', error));
      return ['kernel: state unknown'];
    }
  }

  async #applyStrongswan(
    plan: HostPlan,
    problems: Problem[],
    signal: AbortSignal,
  ): Promise<Omit<Round, 'problems'>> {
    const { strongswan, keeper, history, failures } = this.#options;
    const bounded = AbortSignal.any([signal, AbortSignal.timeout(LEVEL_MILLISECONDS)]);
    try {
      let observed = await strongswan.observe(bounded);
      const changes = strongswan.diff(observed, plan);
      const changing = new Set(
        changes.flatMap(({ step }) => (step.type === 'connection-load' ? [step.tunnel.name] : [])),
      );
      observed = await strongswan.rememberSas(observed, plan.tunnels, changing);
      const lines: string[] = [];
      if (changes.length > 0) {
        const report = await strongswan.apply(changes, bounded);
        this.#logReport(report);
        lines.push(...failureLines(report));
        for (const name of changing) keeper.forgetAttempt(name);
        observed = await strongswan.rememberSas(
          await strongswan.observe(bounded),
          plan.tunnels,
          changing,
        );
        lines.push(
          ...strongswan.diff(observed, plan).map((change) => `IKE daemon: ${formatChange(change)}`),
        );
      }
      const readings = plan.tunnels.map((tunnel) => readTunnel(tunnel, observed.sas));
      const up = new Set(
        readings.filter((reading) => reading.state === 'up').map((reading) => reading.name),
      );
      const actions = await keeper.keep(plan.tunnels, observed, up, bounded);
      for (const name of up) failures.forget(name);
      const now = new Date();
      return {
        tunnels: readings.map((reading) =>
          history.complete(reading, failures.causeOf(reading.name), now),
        ),
        differences: lines,
        engineVersion: observed.version,
        isMoving: actions > 0,
      };
    } catch (error) {
      problems.push(toProblem('strongswan/failed', error));
      const now = new Date();
      return {
        tunnels: plan.tunnels.map((tunnel) =>
          history.complete(readTunnel(tunnel, []), failures.causeOf(tunnel.name), now),
        ),
        differences: ['IKE daemon: state unknown'],
        isMoving: false,
      };
    }
  }

  #logReport(report: ApplyReport): void {
    const { log } = this.#options;
    for (const change of report.done)
      log.info({ driver: change.driver, impact: change.impact }, formatChange(change));
    for (const { change, error } of report.failed)
      log.warn({ driver: change.driver, error }, `failed: ${formatChange(change)}`);
  }
}

function failureLines(report: ApplyReport): string[] {
  return report.failed.map(
    ({ change, error }: { change: Change; error: string }) =>
      `${change.driver}: ${formatChange(change)}: ${error}`,
  );
}

function toProblem(code: string, error: unknown): Problem {
  return {
    code,
    severity: 'error',
    message: error instanceof Error ? error.message : String(error),
  };
}
