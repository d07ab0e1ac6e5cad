/** Exponential backoff with full jitter: retries of many items spread out instead of meeting. */

export interface BackoffOptions {
  readonly baseMilliseconds: number;
  readonly maxMilliseconds: number;
}

/**
 * Wait before the next try. `attempt` counts failures from 1; `random` is in [0, 1).
 * At least half the step is waited, so that a failing peer is never hammered.
 */
export function backoffMilliseconds(
  attempt: number,
  random: number,
  options: BackoffOptions,
): number {
  const step = Math.min(
    options.maxMilliseconds,
    options.baseMilliseconds * 2 ** Math.min(attempt - 1, 30),
  );
  return Math.round(step / 2 + (random * step) / 2);
}
