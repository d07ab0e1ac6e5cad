// When to try a connect again.

export interface BackoffOptions {
  /** First delay in milliseconds. */
  readonly initialMs: number;
  /** Longest delay in milliseconds. */
  readonly maxMs: number;
  /** A number in [0, 1); spreads the clients of one daemon over time. */
  readonly random: () => number;
}

/** Delay before attempt number `attempt` (0 = the first repetition): doubled each time, half of it jitter. */
export function backoffMs(attempt: number, options: BackoffOptions): number {
  const fullMs = Math.min(options.maxMs, options.initialMs * 2 ** Math.min(attempt, 30));
  return fullMs / 2 + (fullMs / 2) * options.random();
}
