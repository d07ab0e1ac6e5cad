/**
 * How often a path that works loses a packet, and so how many losses in a row are no chance any more.
 *
 * Three in a row are a cut where nothing is lost otherwise; where 30 % are lost they come every few seconds. So many
 * are asked for that chance alone brings them once in a million probes: with a rate p, the least n with
 * p^n < 10^-6. Outages are not learnt from: they would make the next one be noticed late.
 */

const CHANCE = 1e-6;
/** Where more than half are lost, no number in a row would be a short time. */
const MAX_RATE = 0.5;

/** Probes over which a rate is averaged. */
const FAST = 50;
const SLOW = 500;
/** Begins to be told by the last seconds, ends by the last minute too: it shall not be told over and over. */
const LOSSY_FROM = 0.15;
const LOSSY_UNTIL = 0.02;

export class LossRate {
  #seen = 0;
  #fast = 0;
  #slow = 0;
  #isLossy = false;

  /** One probe was answered, so many before it were not. */
  learn(lost: number): void {
    for (let count = 0; count < lost; count += 1) this.#add(1);
    this.#add(0);
    if (this.#isLossy) this.#isLossy = Math.max(this.#fast, this.#slow) >= LOSSY_UNTIL;
    else this.#isLossy = this.#seen >= FAST && this.#fast >= LOSSY_FROM;
  }

  get isLossy(): boolean {
    return this.#isLossy;
  }

  /** So many in a row have another reason. `least`: where nothing is lost. */
  noChance(least: number): number {
    const rate = Math.min(MAX_RATE, Math.max(this.#fast, this.#slow));
    return rate === 0 ? least : Math.max(least, Math.ceil(Math.log(CHANCE) / Math.log(rate)));
  }

  #add(lost: 0 | 1): void {
    this.#seen += 1;
    // A plain average until there are enough: the first loss shall not count for little.
    this.#fast += (lost - this.#fast) / Math.min(this.#seen, FAST);
    this.#slow += (lost - this.#slow) / Math.min(this.#seen, SLOW);
  }
}
