/**
 * When the next round is due, and whether it looks at everything. Pure: times are milliseconds of any
 * steady clock. What failed is tried again with growing pauses, and never later than what is well is
 * looked at.
 */
import { backoffMilliseconds } from '../lib/backoff.ts';
import type { Extent } from './extent.ts';
import type { Round } from './reconciler.ts';

/** Full look at everything, with jitter, whatever the events say. */
const RESYNC_MILLISECONDS = 10_000;
/** Where that takes long, as with ten thousand routes, it has a hundredth of a processor, and comes twice a minute at least. */
const COST = 100;
const LATEST_RESYNC_MILLISECONDS = 30_000;
/** While something is under way; also after a change of the kernel, which seldom comes alone. */
export const MOVING_MILLISECONDS = 1_000;
/** Events come in bursts: one round answers many. */
export const SETTLE_MILLISECONDS = 25;

const RETRY = { baseMilliseconds: MOVING_MILLISECONDS, maxMilliseconds: RESYNC_MILLISECONDS };

export interface PacedRound extends Pick<Round, 'differences' | 'problems' | 'isMoving'> {
  readonly extent: Extent;
  /** Of the agent. */
  readonly processorMilliseconds: number;
}

export class Pace {
  readonly #random: () => number;
  #failures = 0;
  #allAt = 0;

  constructor(random: () => number) {
    this.#random = random;
  }

  /** Whether all is to be looked at. */
  isAllDue(now: number): boolean {
    return now >= this.#allAt;
  }

  /** Pause after a round. `retryAt`: when a tunnel may be tried again, if one waits for it. */
  pauseAfter(round: PacedRound, now: number, retryAt: number | undefined): number {
    const isWell =
      round.differences.length === 0 &&
      !round.problems.some((problem) => problem.severity === 'error');
    this.#failures = isWell ? 0 : this.#failures + 1;
    const rest = isWell
      ? resyncMilliseconds(round) * (0.75 + this.#random() / 4)
      : backoffMilliseconds(this.#failures, this.#random(), RETRY);
    const { kernel, sas } = round.extent;
    if (kernel) this.#allAt = sas ? now + rest : Math.min(this.#allAt, now + rest);
    const waits = [rest, this.#allAt - now];
    if (round.isMoving) waits.push(MOVING_MILLISECONDS);
    if (retryAt !== undefined) waits.push(retryAt - now);
    return Math.max(SETTLE_MILLISECONDS, Math.min(...waits));
  }

  /** Pause after a round that broke off: nothing of it is known. */
  pauseAfterFault(): number {
    this.#failures += 1;
    this.#allAt = 0;
    return backoffMilliseconds(this.#failures, this.#random(), RETRY);
  }
}

function resyncMilliseconds({ processorMilliseconds }: PacedRound): number {
  const costing = Math.min(COST * processorMilliseconds, LATEST_RESYNC_MILLISECONDS);
  return Math.max(RESYNC_MILLISECONDS, costing);
}
