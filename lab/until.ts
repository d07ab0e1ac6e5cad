// Waiting for a condition of the outer world: the only place of the lab that looks at it repeatedly.

import { setTimeout as delay } from 'node:timers/promises';

/** Often enough to be quick, seldom enough for a guest in which starting a program takes 10 ms. */
const PAUSE_MS = 100;

/**
 * Returns the first value of `condition` that is neither `false` nor `undefined`.
 * After the deadline it fails with `description` and the last error of the condition, if it threw.
 */
export async function until<T>(
  description: string,
  condition: () => Promise<T> | T,
  deadlineMs: number,
  pauseMs: number = PAUSE_MS,
): Promise<Exclude<T, false | undefined>> {
  const end = performance.now() + deadlineMs;
  for (;;) {
    let cause: unknown;
    try {
      const value = await condition();
      if (value !== false && value !== undefined) return value as Exclude<T, false | undefined>;
    } catch (error) {
      cause = error;
    }
    if (performance.now() >= end) {
      throw new Error(`not within ${String(deadlineMs)} ms: ${description}`, { cause });
    }
    await delay(pauseMs);
  }
}
