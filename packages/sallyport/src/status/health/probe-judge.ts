/**
 * What one probe says of its path: `unknown` until something answers or should have, then `good` or `failed`.
 *
 * Probes are sent at a steady pace, so answers come at that pace, whatever the round trip is: as with BFD
 * (RFC 5880 §6.8.4), silence for so many intervals is a failure, and no probe has to time out first. Fewer do not
 * suffice where the path loses packets anyway (`loss-rate.ts`), and answers that come unsteadily are waited for.
 *
 * Recovery takes so many answers in a row, and longer each time it fails again soon after.
 * Pure: times are milliseconds of any steady clock, numbers are those of the prober.
 */
import { formatDuration } from '../../lib/format.ts';
import type { ProbePlan } from '../../plan/probe-plan.ts';
import type { ProbeReport, ProbeState } from '../health-report.ts';
import { Answers, type Range, REMEMBERED } from './answers.ts';
import { LossRate } from './loss-rate.ts';

export type ProbeLimits = Pick<ProbePlan, 'intervalMilliseconds' | 'failAfter' | 'recoverAfter'>;
export type ProbeJudgement = Pick<
  ProbeReport,
  | 'state'
  | 'hasAnswered'
  | 'silentSeconds'
  | 'lossy'
  | 'reason'
  | 'last100'
  | 'last1000'
  | 'roundTrip'
>;

type Before = Pick<ProbeReport, 'state' | 'hasAnswered'>;

/** What a first round trip may take. */
const FIRST_ANSWER_MILLISECONDS = 1_000;
/** What a path that keeps failing has to wait at most. */
const MAX_HOLD_MILLISECONDS = 60_000;
/** Good for as long, or ten times the wait before, and its failures are forgotten. */
const CALM_MILLISECONDS = 60_000;
/** RFC 6298 §2.3: weight of a new deviation, and how many deviations are waited for. */
const DEVIATION_WEIGHT = 1 / 4;
const DEVIATIONS = 4;

export class ProbeJudge {
  readonly #limits: ProbeLimits;
  /** As an agent before has found it. */
  readonly #before: Before | undefined;
  readonly #answers = new Answers();
  readonly #rate = new LossRate();
  #state: ProbeState = 'unknown';
  /** Newest probe that was answered; -1 before there is one. `at`: waiting begins there. */
  #last: { sequence: number; at: number; roundTripMilliseconds: number };
  /** From the prober's numbers to ours; NaN until the prober's first answer. */
  #offset = Number.NaN;
  /** A prober that is started anew is waited for once; one that never gets to ask is no excuse. */
  #isExcused = false;
  /** Nothing is asked. */
  #isBlind = false;
  /** Of the times at which answers come. */
  #deviationMilliseconds = 0;
  #goodSince = 0;
  /** Failures, each soon after the one before. */
  #failures = 0;
  #holdMilliseconds = 0;
  /** Answers since it failed, without a silence that would be a failure. */
  #recovery: { readonly since: number; inARow: number } | undefined;
  #remark: string | undefined;

  /** The first probe is sent now. What had failed before has failed until it recovers. */
  constructor(limits: ProbeLimits, now: number, before?: Before) {
    this.#limits = limits;
    this.#before = before;
    if (before?.state === 'failed') {
      this.#state = 'failed';
      this.#failures = 1;
    }
    this.#last = { sequence: -1, at: now, roundTripMilliseconds: 0 };
  }

  get state(): ProbeState {
    return this.#state;
  }

  /** It has failed, and answers nothing at all. */
  isSilent(now: number): boolean {
    if (this.#state !== 'failed') return false;
    return this.#recovery === undefined || this.#missing(now) >= this.#enough;
  }

  get isLossy(): boolean {
    return this.#state === 'good' && this.#rate.isLossy;
  }

  /** When to look, where nothing answers before. */
  get deadline(): number {
    if (this.#state === 'failed' || this.#isBlind) return Number.POSITIVE_INFINITY;
    return this.#last.at + this.#patience + this.#enough * this.#limits.intervalMilliseconds;
  }

  /** `number`: the prober's, which counts from any number on. */
  answered(number: number, roundTripMilliseconds: number, now: number): void {
    const next = this.#last.sequence + 1;
    const isAligned = this.#isAligned(number, now);
    if (!isAligned) this.#offset = this.#expected(now) - number;
    const sequence = this.#offset + number;
    this.#isExcused = false;
    this.#remark = undefined;
    if (sequence < next) {
      // Overtaken by a later one: also a sign of life.
      this.#last.at = Math.max(this.#last.at, now);
      this.#answers.note(sequence, roundTripMilliseconds);
      return;
    }
    const lost = sequence - next;
    const isOutage = lost >= this.#enough;
    this.#answers.expect(next, sequence);
    this.#answers.note(sequence, roundTripMilliseconds);
    if (!isOutage) this.#rate.learn(lost);
    if (isAligned && !isOutage) this.#noteArrival(sequence, now);
    this.#last = { sequence, at: now, roundTripMilliseconds };
    if (this.#state === 'unknown') this.#enterGood(now);
    else if (this.#state === 'failed') this.#recover(lost, isOutage, now);
  }

  /** Fails where it has been silent for too long. */
  look(now: number): void {
    if (now < this.deadline) return;
    const wasCalm =
      now - this.#goodSince >= Math.max(CALM_MILLISECONDS, 10 * this.#holdMilliseconds);
    this.#failures = this.#state === 'unknown' || wasCalm ? 1 : this.#failures + 1;
    const least = this.#limits.recoverAfter * this.#limits.intervalMilliseconds;
    const grown = Math.min(MAX_HOLD_MILLISECONDS, least * 2 ** (this.#failures - 1));
    this.#holdMilliseconds = this.#failures === 1 ? 0 : Math.max(least, grown);
    this.#recovery = undefined;
    this.#state = 'failed';
  }

  /** What asks begins anew, and counts anew. */
  restarted(now: number): void {
    this.#offset = Number.NaN;
    this.#isBlind = false;
    if (this.#isExcused) return;
    this.#isExcused = true;
    this.#last.at = Math.max(this.#last.at, now + this.#last.roundTripMilliseconds);
  }

  /** For so long nobody could see answers. */
  notLooked(milliseconds: number, now: number): void {
    this.#last.at = Math.max(this.#last.at, Math.min(now, this.#last.at + milliseconds));
  }

  /** Nothing can be asked, which says nothing of the path. */
  cannotAsk(reason: string, now: number): void {
    this.#state = 'unknown';
    this.#last.at = now;
    this.#isBlind = true;
    this.#isExcused = false;
    this.#remark = reason;
  }

  /** What was said of a probe instead of an answer; kept until the next answer. */
  note(remark: string): void {
    this.#remark = remark;
  }

  judgement(now: number): ProbeJudgement {
    const missing = this.#missing(now);
    const end = this.#last.sequence + 1;
    const known = (count: number): Range => {
      const from = Math.max(0, end - Math.max(0, count - missing));
      return { from, end };
    };
    const window = (count: number): ProbeJudgement['last100'] => {
      const { sent, lost } = this.#answers.countLost(known(count));
      const due = Math.min(missing, count);
      return { sent: sent + due, lost: lost + due };
    };
    const roundTrip = this.#answers.roundTrip(known(100));
    return {
      ...{ state: this.#state, hasAnswered: this.#hasAnswered },
      ...(this.isSilent(now) ? { silentSeconds: (now - this.#last.at) / 1_000 } : {}),
      ...{ lossy: this.isLossy, reason: this.#reason(now) },
      ...{ last100: window(100), last1000: window(REMEMBERED) },
      ...(roundTrip === undefined ? {} : { roundTrip }),
    };
  }

  #enterGood(now: number): void {
    this.#state = 'good';
    this.#goodSince = now;
    this.#recovery = undefined;
  }

  #recover(lost: number, isOutage: boolean, now: number): void {
    if (this.#recovery === undefined || isOutage) this.#recovery = { since: now, inARow: 0 };
    this.#recovery.inARow = lost === 0 ? this.#recovery.inARow + 1 : 1;
    const isSteady = now - this.#recovery.since >= this.#holdMilliseconds;
    if (isSteady && this.#recovery.inARow >= this.#limits.recoverAfter) this.#enterGood(now);
  }

  /** Number of the probe whose answer is due next. */
  #expected(now: number): number {
    return this.#last.sequence + 1 + this.#missing(now);
  }

  /** Where the prober's pace was another for hours, its numbers are far from what is expected. */
  #isAligned(number: number, now: number): boolean {
    return Math.abs(this.#offset + number - this.#expected(now)) < REMEMBERED;
  }

  /** Probes since the last answer that should have been answered. */
  #missing(now: number): number {
    const silence = now - this.#last.at - this.#patience;
    return Math.max(0, Math.floor(silence / this.#limits.intervalMilliseconds));
  }

  get #hasAnswered(): boolean {
    return this.#last.sequence >= 0 || this.#before?.hasAnswered === true;
  }

  get #enough(): number {
    return this.#rate.noChance(this.#limits.failAfter);
  }

  /** How much later than the pace says an answer may come; at most doubles the time until a failure is told. */
  get #patience(): number {
    const { intervalMilliseconds, failAfter } = this.#limits;
    if (this.#state === 'unknown') return FIRST_ANSWER_MILLISECONDS;
    const usual = Math.max(intervalMilliseconds / 2, DEVIATIONS * this.#deviationMilliseconds);
    return Math.min(usual, failAfter * intervalMilliseconds);
  }

  #noteArrival(sequence: number, now: number): void {
    const expected =
      this.#last.at + (sequence - this.#last.sequence) * this.#limits.intervalMilliseconds;
    const deviation = Math.abs(now - expected);
    this.#deviationMilliseconds += (deviation - this.#deviationMilliseconds) * DEVIATION_WEIGHT;
  }

  #reason(now: number): string {
    const remark = this.#remark === undefined ? '' : `: ${this.#remark}`;
    if (this.#state === 'unknown') return this.#remark ?? 'nothing has answered yet';
    if (this.#state === 'good') return this.#rate.isLossy ? 'loses packets' : 'answers';
    if (!this.#hasAnswered) return `has never answered${remark}`;
    if (this.#last.sequence < 0) return `has not answered since the agent was started${remark}`;
    if (this.#recovery === undefined || this.isSilent(now))
      return `has not answered for ${formatDuration((now - this.#last.at) / 1_000)}${remark}`;
    const left = this.#recovery.since + this.#holdMilliseconds - now;
    return this.#holdMilliseconds === 0
      ? 'begins to answer again'
      : `answers again; has failed ${this.#failures} times lately, so it has to do so for another ${formatDuration(Math.max(1_000, left) / 1_000)}`;
  }
}
