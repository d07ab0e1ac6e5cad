/**
 * Exponential backoff whose jitter covers the upper half of each step: retries of many items spread
 * out instead of meeting, and a failing peer is never hammered, as it could be if a wait might be 0.
 */

export interface BackoffOptions {
  readonly baseMilliseconds: number;
  readonly maxMilliseconds: number;
}

/** Wait before the next try. `attempt` counts failures from 1; `random` is in [0, 1). */
export function backoffMilliseconds(
  attempt: number,
  random: number,
  options: BackoffOptions,
): number {
  const doublings = Math.min(Math.max(attempt, 1) - 1, 30);
  const step = Math.min(options.maxMilliseconds, options.baseMilliseconds * 2 ** doublings);
  return Math.round(step / 2 + (random * step) / 2);
}
