/** Probes that are sent at a steady pace, and what becomes of them. */
import { ProbeJudge, type ProbeLimits } from './probe-judge.ts';

export const LIMITS: ProbeLimits = { intervalMilliseconds: 100, failAfter: 3, recoverAfter: 5 };

/** How often somebody looks: no more often than the agent's timer fires. */
const LOOK_MILLISECONDS = 10;

export interface StateChange {
  readonly at: number;
  readonly state: string;
}

/** A prober and its judge on one clock. */
export class Pace {
  readonly judge: ProbeJudge;
  readonly changes: StateChange[] = [];
  now = 0;
  readonly #limits: ProbeLimits;
  #sent = 0;

  constructor(limits: ProbeLimits = LIMITS) {
    this.#limits = limits;
    this.judge = new ProbeJudge(limits, 0);
  }

  /** For so many probes, of which those are answered that `isAnswered` says. */
  go(count: number, isAnswered: (index: number) => boolean, roundTripMilliseconds = 5): void {
    for (let index = 0; index < count; index += 1) {
      const end = this.now + this.#limits.intervalMilliseconds;
      this.#lookUntil(this.now + roundTripMilliseconds);
      if (isAnswered(index)) this.judge.answered(this.#sent, roundTripMilliseconds, this.now);
      this.#sent += 1;
      this.#note();
      this.#lookUntil(end);
    }
  }

  /** What asks begins anew, and counts from 0. */
  restart(): void {
    this.#sent = 0;
    this.judge.restarted(this.now);
  }

  #lookUntil(time: number): void {
    while (this.now < time) {
      this.now = Math.min(time, this.now + LOOK_MILLISECONDS);
      this.judge.look(this.now);
      this.#note();
    }
  }

  #note(): void {
    const { state } = this.judge;
    if (state !== (this.changes.at(-1)?.state ?? 'unknown'))
      this.changes.push({ at: this.now, state });
  }
}

/** Numbers in [0, 1), the same ones for the same seed. */
export function randomNumbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    // Numerical Recipes, §7.1.
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}
