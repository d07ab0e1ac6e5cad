// What one subject has set going, such as a thousand connections that come back, must not meet the next one.

import { cpus } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';

const LOOK_MILLISECONDS = 250;
/** Of the processors' time. */
const BUSY_SHARE = 0.25;
/** Other work on the machine is no reason to wait for ever. */
const PATIENCE_MILLISECONDS = 20_000;

/** Until the processors are mostly idle. */
export async function untilAtRest(): Promise<void> {
  const deadline = performance.now() + PATIENCE_MILLISECONDS;
  for (let before = processorTimes(); performance.now() < deadline; ) {
    await delay(LOOK_MILLISECONDS);
    const now = processorTimes();
    const share = (now.busy - before.busy) / Math.max(1, now.all - before.all);
    if (share < BUSY_SHARE) return;
    before = now;
  }
}

/** Milliseconds since boot, of all processors. */
function processorTimes(): { readonly busy: number; readonly all: number } {
  let [busy, all] = [0, 0];
  for (const { times } of cpus()) {
    const sum = Object.values(times).reduce((total, time) => total + time, 0);
    all += sum;
    busy += sum - times.idle;
  }
  return { busy, all };
}
