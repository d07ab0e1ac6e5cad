/**
 * One host, level by level: kernel with the leak guard -> daemon -> credentials and connections ->
 * tunnels -> read back. Each level reports what it could not do and lets the next one go on; a
 * later round tries again.
 */

import type { IkeSa } from '@sallyport/vici';
import {
  type ApplyReport,
  type Change,
  type Driver,
  type DriverName,
  formatChange,
} from '../drivers/driver.ts';
import type { KernelChange, KernelDesired, ObservedKernel } from '../drivers/kernel/state.ts';
import type { StrongswanDriver } from '../drivers/strongswan/driver.ts';
import type { Engine } from '../drivers/strongswan/engine.ts';
import { EngineError } from '../drivers/strongswan/engine-error.ts';
import { findLost } from '../drivers/strongswan/lost.ts';
import { readTunnel } from '../drivers/strongswan/parse.ts';
import { isOutdated, isSettled } from '../drivers/strongswan/tunnel-view.ts';
import { messageOf } from '../lib/message-of.ts';
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
  readonly engine: Pick<Engine, 'socket' | 'ensure' | 'answers'>;
  readonly kernel: Driver<KernelDesired, ObservedKernel, KernelChange>;
  readonly strongswan: StrongswanDriver;
  /** SPIs of the SAs that the kernel has. */
  readonly observeSpis: (signal: AbortSignal) => Promise<ReadonlySet<string>>;
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
  /** Child SAs whose states were missing in the last round. */
  #suspects: ReadonlySet<string> = new Set();
  /** Failures that the log has told of, by driver. */
  readonly #told = new Map<DriverName, ReadonlySet<string>>();
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
    // Of another plan it says nothing how the kernel was found.
    if (scope.kernel || this.#kernelRevision !== plan.revision) {
      this.#kernelRevision = plan.revision;
      this.#kernelDifferences = await this.#applyKernel(plan, problems, signal);
    }
    const differences = [...this.#kernelDifferences];
    this.#options.failures.keepOnly(new Set(plan.tunnels.map(({ name }) => name)));
    if (!(await this.#ensureEngine(plan, isNeeded, problems, signal))) {
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
    this.#options.failures.forgetCode('engine/not-running');
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
      this.#logReport('kernel', report);
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
        this.#logReport('strongswan', report);
        lines.push(...failureLines(report));
        for (const { step } of report.done) {
          if (step.type === 'connection-load') keeper.forgetAttempt(step.tunnel.name);
        }
        observed = await strongswan.rememberSas(
          await strongswan.observe(bounded),
          plan.tunnels,
          changing,
        );
        lines.push(
          ...strongswan.diff(observed, plan).map((change) => `IKE daemon: ${formatChange(change)}`),
        );
      }
      const lost = await this.#findLost(plan, observed.sas, bounded);
      const known = { origins: observed.origins, lost };
      const readings = plan.tunnels.map((tunnel) => readTunnel(tunnel, observed.sas, lost));
      const actions = await keeper.keep(plan.tunnels, observed, lost, bounded);
      for (const tunnel of plan.tunnels) {
        if (isSettled(tunnel, observed.sas, known)) failures.forget(tunnel.name);
        if (isOutdated(tunnel, observed.sas, known))
          lines.push(
            `IKE daemon: ${tunnel.name} still carries packets as it was configured before`,
          );
      }
      if (lost.size > 0) lines.push(`kernel: the states of ${lost.size} Child SAs are gone`);
      const now = new Date();
      return {
        tunnels: readings.map((reading) =>
          history.complete(reading, failures.causeOf(reading.name), now),
        ),
        differences: lines,
        engineVersion: observed.version,
        isMoving: actions > 0 || this.#suspects.size > 0,
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

  /**
   * Child SAs that the kernel has lost. Daemon and kernel are asked one after the other, and a rekey may
   * come between: only what is missing in two rounds is lost.
   */
  async #findLost(
    plan: HostPlan,
    sas: readonly IkeSa[],
    signal: AbortSignal,
  ): Promise<ReadonlySet<string>> {
    const missing = plan.engine.userspace
      ? new Set<string>()
      : findLost(sas, await this.#options.observeSpis(signal));
    const lost = new Set([...missing].filter((id) => this.#suspects.has(id)));
    this.#suspects = missing;
    return lost;
  }

  /** What fails in the same way round by round is told once. */
  #logReport(driver: DriverName, report: ApplyReport): void {
    const { log } = this.#options;
    for (const change of report.done)
      log.info({ driver, impact: change.impact }, formatChange(change));
    const told = this.#told.get(driver);
    for (const [index, line] of failureLines(report).entries()) {
      const failed = report.failed[index];
      if (failed === undefined || told?.has(line) === true) continue;
      log.warn({ driver, error: failed.error }, `failed: ${formatChange(failed.change)}`);
    }
    this.#told.set(driver, new Set(failureLines(report)));
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
    message: messageOf(error),
  };
}
