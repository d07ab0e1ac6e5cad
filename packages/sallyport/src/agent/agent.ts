/**
 * The agent's life: one flight of changes at a time, started by a new plan, by events of the daemon,
 * by changes of the kernel, and by a timer. Ends at a signal and leaves every tunnel as it is.
 */
import { release } from 'node:os';
import { isDeepStrictEqual } from 'node:util';
import { earliest } from '../lib/earliest.ts';
import { messageOf } from '../lib/message-of.ts';
import type { Problem } from '../lib/problem.ts';
import type { HostPlan } from '../plan/host-plan.ts';
import { movesTunnels } from '../plan/while-held.ts';
import type { Withdrawn } from '../plan/withdraw.ts';
import { writeFileAtomic } from '../platform/atomic-file.ts';
import { expiryProblems } from '../status/expiry.ts';
import { withdrawnOf } from '../status/health/judge-health.ts';
import { judgeLan, lanProblems } from '../status/health/judge-lan.ts';
import type { HostReading, HostReport } from '../status/host-report.ts';
import { limitProblems } from '../status/prefix-limits.ts';
import type { CertificateKeeper } from './certificates/keeper.ts';
import type { AgentView } from './certificates/proof-watch.ts';
import { serveControl } from './control.ts';
import type { Drain } from './drain.ts';
import type { DriftWatch } from './drift-watch.ts';
import type { Drill } from './drill.ts';
import { ALL, both, type Extent, KERNEL, TOLD, UNTOLD } from './extent.ts';
import { watchNetwork } from './kernel-monitor.ts';
import type { Log } from './log.ts';
import { MOVING_MILLISECONDS, Pace, SETTLE_MILLISECONDS } from './pace.ts';
import type { PlanSource } from './plan-source.ts';
import type { Probes } from './probes/probes.ts';
import type { Reconciler, Round } from './reconciler.ts';
import type { EventRecorder } from './record/event-recorder.ts';
import type { ReportMemory } from './record/report-memory.ts';
import type { TunnelHistory } from './record/tunnel-history.ts';
import type { Reflections } from './reflections.ts';
import type { SecretWatch } from './secret-watch.ts';
import type { Shards } from './shard/shards.ts';
import type { Explainer } from './why/explainer.ts';
import type { Work } from './work-request.ts';

export interface AgentOptions {
  readonly host: string;
  readonly version: string;
  readonly source: Pick<PlanSource, 'read' | 'watch'>;
  readonly reconciler: Pick<Reconciler, 'round' | 'moveFlows'>;
  readonly reflections: Pick<Reflections, 'quiet' | 'close'>;
  readonly shards: Pick<Shards, 'engines' | 'nextAt' | 'follow' | 'releaseHolds' | 'close'>;
  readonly explainer: Pick<Explainer, 'explain'>;
  readonly drift: Pick<DriftWatch, 'report'>;
  readonly drain: Drain;
  readonly drill: Drill;
  readonly history: Pick<TunnelHistory, 'keepOnly' | 'nextLookAt' | 'saveIfDue' | 'save'>;
  readonly recorder: Pick<EventRecorder, 'record' | 'problems'>;
  readonly reportMemory: Pick<ReportMemory, 'complete'>;
  readonly secrets: Pick<SecretWatch, 'check'>;
  readonly certificates: Pick<CertificateKeeper, 'problems' | 'wake'>;
  readonly probes: Pick<Probes, 'follow' | 'view' | 'close'>;
  /** As an agent just before has reported them; none where that is too long ago to count. */
  readonly tunnelsBefore: HostReport['tunnels'];
  readonly reportPath: string;
  readonly controlSocket: string;
  readonly log: Log;
}

/** A round would have done it by then. */
const MOVE_MILLISECONDS = 5_000;

/** For taking back what only a running agent may leave in the kernel. */
const CLEAN_UP_MILLISECONDS = 5_000;

/** How often files are looked at, whoever asks for reports: a thousand Secrets are thousands of them. */
const SECRETS_MILLISECONDS = 5_000;

export class Agent {
  readonly #options: AgentOptions;
  readonly #startedAt = new Date().toISOString();
  #report: HostReport | undefined;
  #plan: HostPlan | undefined;
  /** Of the round that is on its way, or of the last one. */
  #wantedPlan: HostPlan | undefined;
  #move: Promise<void> = Promise.resolve();
  #isMoveQueued = false;
  #roundMilliseconds = ROUND_MILLISECONDS;
  readonly #pace = new Pace(Math.random);
  #round: Promise<unknown> = Promise.resolve();
  /** A round that has not begun. */
  #queued: Promise<HostReport | undefined> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #timerAt = Number.POSITIVE_INFINITY;
  #wanted = ALL;
  /** By the steady clock: when to look at a kernel that has changed. */
  #kernelAt: number | undefined;
  #secretProblems: readonly Problem[] = [];
  #secretsDueAt = 0;
  #ended = false;

  constructor(options: AgentOptions) {
    this.#options = options;
  }

  /** What it follows, and has found last. */
  get view(): AgentView {
    return { plan: this.#plan, report: this.#report };
  }

  /**
   * Another host is silent, or is no longer: flows by gateways move before any round. One move at a time, by what is known
   * when it begins: whatever is told until then makes one.
   */
  moveFlows(): void {
    if (this.#isMoveQueued) return;
    this.#isMoveQueued = true;
    this.#move = this.#move.then(() => {
      this.#isMoveQueued = false;
      return this.#moveNow();
    });
  }

  /** Something has happened that no round has been told of. */
  lookSoon(): void {
    this.#soon(TOLD);
  }

  /** Runs until the signal fires. */
  async run(signal: AbortSignal): Promise<void> {
    const { controlSocket, shards, explainer, probes, reflections, drill, log } = this.#options;
    // Of an agent that was killed while it exchanged a tunnel.
    await shards.releaseHolds(signal);
    const control = await serveControl(controlSocket, {
      report: (extent) => this.#freshReport(extent, signal),
      last: () => this.#report,
      work: (work) => this.#work(work, signal),
      why: (request) =>
        explainer.explain(
          request,
          { plan: () => this.#plan, look: (extent) => this.#freshReport(extent, signal) },
          signal,
        ),
    });
    const watcher = await this.#watchPlan();
    watchNetwork(
      {
        onChange: () => {
          // Not sooner, also where a round comes before: an exchange of SAs makes links, too.
          this.#kernelAt ??= performance.now() + MOVING_MILLISECONDS;
          this.#schedule(MOVING_MILLISECONDS);
        },
        onAddress: (line) => {
          if (this.#plan !== undefined && movesTunnels(line, this.#plan)) this.#soon(TOLD);
        },
      },
      log,
      signal,
    );
    const events = shards.follow((extent) => {
      this.#soon(extent);
    }, signal);
    log.info({ host: this.#options.host, pid: process.pid }, 'agent started');
    this.#soon(ALL);
    await aborted(signal);
    control.close();
    if (drill.report !== undefined) await this.#endDrill();
    this.#ended = true;
    clearTimeout(this.#timer);
    watcher?.close();
    probes.close();
    await reflections.close();
    drill.end();
    await shards.close();
    await Promise.allSettled([events, this.#round, this.#move]);
    await this.#options.history.save();
    await shards.releaseHolds(AbortSignal.timeout(CLEAN_UP_MILLISECONDS));
    log.info({}, 'agent stopped, tunnels stay up');
  }

  /** Nobody would bring back what is out. */
  async #endDrill(): Promise<void> {
    this.#options.drill.end();
    this.#roundMilliseconds = LAST_ROUND_MILLISECONDS;
    this.#want(ALL);
    await this.#nextRound();
  }

  /** Undefined where the system has no more watches to give. */
  async #watchPlan(): Promise<{ close(): void } | undefined> {
    const { source, log } = this.#options;
    try {
      return await source.watch(() => {
        this.#soon(UNTOLD);
      });
    } catch (error) {
      log.warn({ error: messageOf(error) }, 'the plan cannot be watched; going on by timer');
      return undefined;
    }
  }

  async #moveNow(): Promise<void> {
    const { reconciler, log } = this.#options;
    const plan = this.#wantedPlan;
    if (plan?.node?.gateways === undefined || this.#ended) return;
    try {
      const signal = AbortSignal.timeout(MOVE_MILLISECONDS);
      await reconciler.moveFlows(plan, this.#withdrawn(), signal);
    } catch (error) {
      log.warn({ error: messageOf(error) }, 'flows could not be moved; the next round does');
    }
  }

  /** A round within moments; many calls make one. */
  #soon(extent: Extent): void {
    this.#want(extent);
    this.#schedule(SETTLE_MILLISECONDS);
  }

  /** The next round looks at this, too. */
  #want(extent: Extent): void {
    this.#wanted = both(this.#wanted, extent);
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

  /** Rounds follow each other; who asks for one before it has begun shares it. */
  #nextRound(): Promise<HostReport | undefined> {
    this.#queued ??= this.#round.then(() => {
      this.#queued = undefined;
      return this.#runRound();
    });
    this.#round = this.#queued;
    return this.#queued;
  }

  /** What it has found; undefined where it failed, or was cut off. */
  async #runRound(): Promise<HostReport | undefined> {
    if (this.#ended) return undefined;
    const { source, reconciler, reportMemory, history, shards, recorder } = this.#options;
    const { secrets, certificates, probes, drill, log } = this.#options;
    if (this.#pace.isAllDue(performance.now())) this.#want(ALL);
    if (performance.now() >= (this.#kernelAt ?? Number.POSITIVE_INFINITY)) this.#want(KERNEL);
    if (this.#wanted.kernel) this.#kernelAt = undefined;
    const extent = this.#wanted;
    this.#wanted = TOLD;
    // Whatever has asked for a round until now, this is it.
    clearTimeout(this.#timer);
    this.#timerAt = Number.POSITIVE_INFINITY;
    const usage = process.cpuUsage();
    try {
      const { plan, problem } = await source.read();
      this.#wantedPlan = plan;
      const withdrawn = this.#withdrawn();
      const round =
        plan === undefined
          ? { ...IDLE, engines: shards.engines }
          : await reconciler.round(
              plan,
              {
                ...{ extent, withdrawn, drilled: drill.tunnels },
                probes: () => probes.view,
              },
              AbortSignal.timeout(this.#roundMilliseconds),
            );
      // A round that was cut off tells nothing true: the last report stands.
      if (this.#isEnded()) return undefined;
      const isNew = plan?.revision !== this.#plan?.revision;
      const areSecretsDue = extent.sas && performance.now() >= this.#secretsDueAt;
      if (isNew || areSecretsDue) {
        const onlyNew = !areSecretsDue;
        this.#secretProblems = plan === undefined ? [] : await secrets.check(plan, { onlyNew });
        if (areSecretsDue) this.#secretsDueAt = performance.now() + SECRETS_MILLISECONDS;
      }
      this.#plan = plan;
      probes.follow(round.probed);
      if (isNew) certificates.wake();
      // Without a plan nothing is known to be gone.
      if (plan !== undefined) history.keepOnly(new Set(plan.tunnels.map((tunnel) => tunnel.name)));
      const problems = [
        ...(problem === undefined ? [] : [problem]),
        ...this.#secretProblems,
        ...(plan === undefined ? [] : expiryProblems(plan, new Date().toISOString())),
        ...certificates.problems,
        ...lanProblems(judgeLan(probes.view), plan?.node?.gateways !== undefined),
        ...limitProblems(round.bgp),
        ...round.problems,
        ...recorder.problems,
      ];
      const reading = this.#toReading(plan, { ...round, problems });
      const report = reportMemory.complete(reading, plan, performance.now());
      await this.#publish(report);
      // Packets and BGP went by what was known before this round.
      if (!isDeepStrictEqual(withdrawn, this.#withdrawn())) this.#soon(TOLD);
      await history.saveIfDue();
      const nextAt = earliest(shards.nextAt, history.nextLookAt, this.#kernelAt, round.nextAt);
      const now = performance.now();
      const { user, system } = process.cpuUsage(usage);
      const paced = { ...round, extent, processorMilliseconds: (user + system) / 1_000 };
      this.#schedule(this.#pace.pauseAfter(paced, now, nextAt));
      return report;
    } catch (error) {
      log.error({ error: messageOf(error) }, 'round failed');
      this.#schedule(this.#pace.pauseAfterFault());
      return undefined;
    }
  }

  /** By what was read last, be it by an agent before, and what probes have found out until now. */
  #withdrawn(): Withdrawn {
    const { drain, drill, probes, reflections, tunnelsBefore } = this.#options;
    const tunnels = this.#report?.tunnels ?? tunnelsBefore;
    return withdrawnOf({
      ...{ tunnels, probes: probes.view, drilled: drill.tunnels },
      ...{ quiet: reflections.quiet, drain: drain.state },
    });
  }

  /** As a method, since the signal may have come during an `await`. */
  #isEnded(): boolean {
    return this.#ended;
  }

  async #publish(report: HostReport): Promise<void> {
    const { log, recorder, reportPath } = this.#options;
    const known = new Set(this.#report?.problems.map((problem) => problem.message));
    for (const { code, message } of report.problems)
      if (!known.has(message)) log.warn({ code }, message);
    this.#report = report;
    await recorder.record(report);
    try {
      await writeFileAtomic(reportPath, `${JSON.stringify(report)}\n`);
    } catch (error) {
      // Whoever asks over the socket still has it.
      log.warn({ error: messageOf(error) }, 'the report could not be written');
    }
  }

  #toReading(plan: HostPlan | undefined, round: Round): HostReading {
    const { drift, drain, drill, host, version, probes } = this.#options;
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
      engines: round.engines,
      ...(plan === undefined ? {} : { wantedRevision: plan.revision }),
      ...(isInEffect ? { revisionInEffect: plan.revision } : {}),
      tunnels: round.tunnels,
      ...(plan?.probes === undefined
        ? {}
        : { health: { probes: probes.view, tunnels: round.usabilities } }),
      ...(round.vrrp === undefined ? {} : { vrrp: round.vrrp }),
      ...(round.bgp === undefined ? {} : { bgp: round.bgp }),
      ...(drain.state === undefined
        ? {}
        : {
            drain: {
              ...drain.state,
              ...(round.forwarded === undefined ? {} : { forwarded: round.forwarded }),
            },
          }),
      ...(drill.report === undefined ? {} : { drill: drill.report }),
      differences: round.differences,
      drift: drift.report,
      problems: round.problems,
    };
  }

  async #work(work: Work, signal: AbortSignal): Promise<HostReport> {
    const { drain, drill } = this.#options;
    switch (work.verb) {
      case 'drain':
        await drain.begin();
        break;
      case 'rest':
        for (const name of this.#namesOf(work.tunnel)) await drain.rest(name);
        break;
      case 'wake':
        await drain.wake();
        break;
      case 'undrain':
        await drain.end();
        break;
      case 'drill':
        drill.begin(this.#namesOf(work.tunnel), work.seconds);
        break;
      case 'restore':
        drill.end();
        break;
    }
    return this.#freshReport(ALL, signal);
  }

  /** A tunnel, or all that are enabled. */
  #namesOf(tunnel: string | undefined): string[] {
    const known = (this.#plan?.tunnels ?? []).filter(({ enabled }) => enabled);
    const names = known
      .map(({ name }) => name)
      .filter((name) => tunnel === undefined || name === tunnel);
    if (names.length === 0) throw new Error(`no tunnel ${tunnel ?? 'at all'} on this host`);
    return names;
  }

  async #freshReport(extent: Extent, signal: AbortSignal): Promise<HostReport> {
    this.#want(extent);
    const report = await this.#nextRound();
    if (signal.aborted) throw new Error('the agent is ending');
    if (report === undefined) throw new Error('the round failed; see the log of the agent');
    return report;
  }
}

/** Longest round: kernel, daemons and what is retired, each with its deadline. */
const ROUND_MILLISECONDS = 250_000;
/** Who stops an agent waits for it. */
const LAST_ROUND_MILLISECONDS = 10_000;

const IDLE: Omit<Round, 'engines'> = {
  tunnels: [],
  probed: [],
  usabilities: [],
  differences: [],
  problems: [],
  isMoving: false,
};

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => {
      resolve();
    });
  });
}
