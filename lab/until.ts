// Waiting for a condition of the outer world: the only place of the lab that looks at it repeatedly.

import { setTimeout as delay } from 'node:timers/promises';

/**
 * A deadline ends what hangs, and nothing that is slow: on a virtual machine that its host starves, everything takes
 * several times its time.
 */
const PATIENCE = 3;

/** Often enough to be quick, seldom enough for a guest in which starting a program takes 10 ms. */
const PAUSE_MS = 100;

/**
 * Returns the first value of `condition` that is neither `false` nor `undefined`.
 * After three times the deadline it fails with `description` and the last error of the condition, if it threw.
 */
export async function until<T>(
  description: string,
  condition: () => Promise<T> | T,
  deadlineMs: number,
  pauseMs: number = PAUSE_MS,
): Promise<Exclude<T, false | undefined>> {
  const limitMs = deadlineMs * PATIENCE;
  const end = performance.now() + limitMs;
  for (;;) {
    let cause: unknown;
    try {
      const value = await condition();
      if (value !== false && value !== undefined) return value as Exclude<T, false | undefined>;
    } catch (error) {
      cause = error;
    }
    if (performance.now() >= end) {
      throw new Error(`not within ${String(limitMs)} ms: ${description}`, { cause });
    }
    await delay(pauseMs);
  }
}

/** Whether it holds before the time is over: for what need not come. */
export async function holdsWithin(
  milliseconds: number,
  condition: () => Promise<boolean>,
): Promise<boolean> {
  const end = performance.now() + milliseconds;
  while (!(await condition())) {
    if (performance.now() >= end) return false;
    await delay(PAUSE_MS);
  }
  return true;
}
