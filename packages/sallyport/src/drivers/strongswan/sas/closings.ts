/** How often one tunnel has ended at the other side of late, and whether that goes on. */

const WINDOW_MILLISECONDS = 600_000;
/** More are not told apart. */
const MAX_KEPT = 20;
/** A tunnel that has stood for so long is looked at afresh, however fast it went before. */
const SETTLED_MILLISECONDS = 30_000;

export class Closings {
  #times: readonly number[] = [];

  /** `at` in milliseconds since the epoch. */
  add(at: number): void {
    this.#times = [...this.#times, at].slice(-MAX_KEPT);
  }

  /** Closings within the ten minutes before. */
  countAt(now: number): number {
    return this.#recentAt(now).length;
  }

  /** Until the tunnel has stood for twice the usual time between two closings. */
  isGoingOnAt(now: number): boolean {
    const recent = this.#recentAt(now);
    const [first, last] = [recent.at(0), recent.at(-1)];
    if (first === undefined || last === undefined) return false;
    const usual = (last - first) / Math.max(1, recent.length - 1);
    return now - last < Math.max(SETTLED_MILLISECONDS, 2 * usual);
  }

  #recentAt(now: number): readonly number[] {
    // What lies ahead was before the clock was set back.
    return this.#times.filter((at) => at <= now && now - at < WINDOW_MILLISECONDS);
  }
}
