/**
 * Asks what the plan wants asked, and tells at once when a probe fails or recovers; answers those of
 * other Sallyport gateways.
 *
 * Time is that of a clock which nobody can set. What the agent itself has missed, because the machine or it was
 * stopped, counts for no probe, and what has come meanwhile is read before anything is judged.
 */
import { canonicalJson } from '../../lib/canonical-json.ts';
import type { ProbePlan } from '../../plan/probe-plan.ts';
import { ProbeJudge } from '../../status/health/probe-judge.ts';
import type { ProbeReport } from '../../status/health-report.ts';
import type { Log } from '../log.ts';
import { EchoServer } from './echo-server.ts';
import { startFping } from './fping.ts';
import type { Asking, Prober, ProberListener, StartProber } from './prober.ts';
import { startUdpProber } from './udp-prober.ts';

export interface ProbesOptions {
  readonly log: Log;
  /** What an agent before has found out: it holds until something else is found. */
  readonly last?: readonly ProbeReport[] | undefined;
  /** A probe has come into another state, falls silent or answers again, or loses packets as it did not before. */
  readonly onChange: (report: ProbeReport) => void;
  /** fping and our own sockets if absent. */
  readonly startProber?: StartProber;
}

interface Probe {
  readonly plan: ProbePlan;
  readonly judge: ProbeJudge;
  /** RFC 3339. */
  since: string;
}

/** What one prober asks. */
interface Group {
  readonly prober: Prober;
  targets: readonly string[];
  probes: readonly Probe[];
}

/** A timer that is so late tells that nothing ran. */
const STALL_MILLISECONDS = 100;
/** The other clock is corrected by less than this in the time between two looks (adjtimex(2): 500 ppm). */
const CLOCK_STEP_MILLISECONDS = 50;

export class Probes {
  readonly #options: ProbesOptions;
  readonly #startProber: StartProber;
  readonly #groups = new Map<string, Group>();
  readonly #echo: EchoServer;
  /** Undefined before there is a plan. */
  #probes: readonly Probe[] | undefined;
  #timer: { readonly at: number; readonly timeout: NodeJS.Timeout } | undefined;
  #clockOffset = clockOffset();

  constructor(options: ProbesOptions) {
    this.#options = options;
    this.#echo = new EchoServer(options.log);
    this.#startProber = options.startProber ?? startUsual;
  }

  /** What is the same as before goes on with what is known of it. */
  follow(plan: readonly ProbePlan[]): void {
    this.#echo.follow(plan);
    const known = new Map((this.#probes ?? []).map((probe) => [canonicalJson(probe.plan), probe]));
    const before = this.#probes === undefined ? (this.#options.last ?? []) : [];
    const probes = plan.map(
      (wanted) => known.get(canonicalJson(wanted)) ?? makeProbe(wanted, before),
    );
    this.#probes = probes;
    const wanted = Map.groupBy(probes, ({ plan }) => canonicalJson(askingOf(plan)));
    for (const [key, { prober }] of this.#groups) {
      if (wanted.has(key)) continue;
      prober.close();
      this.#groups.delete(key);
    }
    for (const [key, group] of wanted) this.#ask(key, group);
    for (const { judge } of probes) this.#wakeBy(judge.deadline);
  }

  /** As of now, in the order of the plan; before there is one, what an agent before has found out. */
  get view(): readonly ProbeReport[] {
    const now = performance.now();
    return this.#probes?.map((probe) => report(probe, now)) ?? this.#options.last ?? [];
  }

  close(): void {
    this.follow([]);
    clearTimeout(this.#timer?.timeout);
  }

  #ask(key: string, probes: readonly Probe[]): void {
    const [first] = probes;
    if (first === undefined) return;
    const group = this.#groups.get(key) ?? this.#open(askingOf(first.plan));
    this.#groups.set(key, group);
    group.probes = probes;
    const targets = [...new Set(probes.map(({ plan }) => plan.target))].sort();
    if (targets.join() === group.targets.join()) return;
    group.targets = targets;
    group.prober.ask(targets);
  }

  #open(asking: Asking): Group {
    const each = (act: (judge: ProbeJudge, now: number) => void, target?: string): void => {
      const now = performance.now();
      for (const probe of group.probes)
        if (target === undefined || target === probe.plan.target)
          this.#act(probe, now, (judge) => {
            act(judge, now);
          });
    };
    const listener: ProberListener = {
      onStart: () => {
        each((judge, now) => {
          judge.restarted(now);
        });
      },
      onAnswer: ({ target, number, roundTripMilliseconds }) => {
        each((judge, now) => {
          judge.answered(number, roundTripMilliseconds, now);
        }, target);
      },
      onRefusal: (target, remark) => {
        each((judge) => {
          judge.note(remark);
        }, target);
      },
      onEnd: (reason, canAsk) => {
        each((judge, now) => {
          if (canAsk) judge.note(reason);
          else judge.cannotAsk(reason, now);
        });
      },
    };
    const prober = this.#startProber(asking, listener, this.#options.log);
    const group: Group = { prober, targets: [], probes: [] };
    return group;
  }

  #act(probe: Probe, now: number, act: (judge: ProbeJudge) => void): void {
    const { judge } = probe;
    const { state, isLossy } = judge;
    const wasSilent = judge.isSilent(now);
    act(judge);
    if (judge.state !== state) probe.since = new Date().toISOString();
    if (judge.state !== state || judge.isSilent(now) !== wasSilent || judge.isLossy !== isLossy)
      this.#options.onChange(report(probe, now));
    this.#wakeBy(judge.deadline);
  }

  /** Waking too early does no harm: deadlines move on with every answer, and the timer does not. */
  #wakeBy(at: number): void {
    if (at >= (this.#timer?.at ?? Number.POSITIVE_INFINITY)) return;
    clearTimeout(this.#timer?.timeout);
    const timeout = setTimeout(
      () => {
        // What has come while nothing ran is read first.
        setImmediate(() => {
          this.#look(at);
        });
      },
      Math.max(0, Math.ceil(at - performance.now())),
    );
    this.#timer = { at, timeout };
  }

  #look(dueAt: number): void {
    this.#timer = undefined;
    this.#followClock();
    const now = performance.now();
    const late = now - dueAt;
    for (const probe of this.#probes ?? [])
      this.#act(probe, now, (judge) => {
        if (late > STALL_MILLISECONDS) judge.notLooked(late, now);
        judge.look(now);
      });
  }

  /** fping sends by the clock that people set, so that it would now be silent, or in a hurry. */
  #followClock(): void {
    const before = this.#clockOffset;
    this.#clockOffset = clockOffset();
    if (Math.abs(this.#clockOffset - before) < CLOCK_STEP_MILLISECONDS) return;
    for (const { prober, targets } of this.#groups.values()) prober.ask(targets);
  }
}

const startUsual: StartProber = (asking, listener, log) =>
  (asking.method === 'udp' ? startUdpProber : startFping)(asking, listener, log);

function makeProbe(plan: ProbePlan, before: readonly ProbeReport[]): Probe {
  const last = before.find(
    ({ kind, target, method, tunnel, host }) =>
      kind === plan.kind &&
      target === plan.target &&
      method === plan.method &&
      tunnel === plan.tunnel &&
      host === plan.host,
  );
  const judge = new ProbeJudge(plan, performance.now(), last);
  const since = last?.state === judge.state ? last.since : new Date().toISOString();
  return { plan, judge, since };
}

function report({ plan, judge, since }: Probe, now: number): ProbeReport {
  const { tunnel, host, kind, target, method } = plan;
  return {
    ...(tunnel === undefined ? {} : { tunnel }),
    ...(host === undefined ? {} : { host }),
    ...{ kind, target, method, since, ...judge.judgement(now) },
  };
}

function askingOf({ method, interface: device, source, intervalMilliseconds }: ProbePlan): Asking {
  const by = device === undefined ? {} : { interface: device };
  return { method, ...by, source, intervalMilliseconds };
}

function clockOffset(): number {
  return Date.now() - performance.now();
}
