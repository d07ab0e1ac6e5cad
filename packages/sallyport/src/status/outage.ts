/** What probes that are sent all the time tell of an outage. Pure. */

export interface Echo {
  /** Counts the probes from 0 on. */
  readonly number: number;
  /** Milliseconds, by any clock: when the answer came. */
  readonly at: number;
}

/** Between two moments of the clock by which answers came. */
export interface Phase {
  readonly from: number;
  readonly to: number;
  /** Between two probes. */
  readonly intervalMilliseconds: number;
}

export interface OutageReport {
  readonly sent: number;
  readonly lost: number;
  /** The longest time without an answer, as far as probes got lost in it; 0: none got lost. */
  readonly gapMilliseconds: number;
  /** From the beginning to the first answer after that gap; null: none has come. */
  readonly resumedMilliseconds: number | null;
}

/**
 * Between two moments, of answers in the order of their numbers. A gap is that of the time in which it began; it counts to
 * its end, also where that is later.
 */
export function outageOf(
  echoes: readonly Echo[],
  { from, to, intervalMilliseconds }: Phase,
): OutageReport {
  let [sent, lost, gap] = [0, 0, 0];
  let resumed: number | null = 0;
  for (const [index, echo] of echoes.entries()) {
    const next = echoes[index + 1];
    if (echo.at >= to || (next !== undefined && next.at < from)) continue;
    if (next === undefined) {
      // No answer tells how many were sent in the silence of the end.
      const missing = Math.floor((to - echo.at) / intervalMilliseconds);
      return {
        ...{ sent: sent + missing + 1, lost: lost + missing },
        ...{ gapMilliseconds: Math.max(gap, to - echo.at), resumedMilliseconds: null },
      };
    }
    const missing = Math.max(0, next.number - echo.number - 1);
    sent += missing + 1;
    lost += missing;
    if (missing === 0 || next.at - echo.at <= gap) continue;
    gap = next.at - echo.at;
    resumed = next.at < to ? next.at - from : null;
  }
  return { sent, lost, gapMilliseconds: gap, resumedMilliseconds: resumed };
}
