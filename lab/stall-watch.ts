// A thread that wakes up every few milliseconds, before all others of the machine: for as long as it sleeps on, the
// machine stood still. `stalls.ts` starts it.

import { readlinkSync } from 'node:fs';
import { constants, setPriority } from 'node:os';
import { basename } from 'node:path';
import { workerData } from 'node:worker_threads';
import { recordStall, type StallRecord, steadyMilliseconds } from './stall-record.ts';

const PERIOD_MILLISECONDS = 10;

/** Timers are as late as this on a machine that is merely busy. */
const SHORTEST_MILLISECONDS = 50;

// setpriority(2): of this thread alone, and nothing that the process starts gets it. Where root may not do that (a
// container without CAP_SYS_NICE), a busy machine looks like one that stands still.
const thread = Number(basename(readlinkSync('/proc/thread-self')));
try {
  setPriority(thread, constants.priority.PRIORITY_HIGHEST);
} catch (error) {
  process.stderr.write(`stalls are seen at normal priority: ${String(error)}\n`);
}

const record = workerData as StallRecord;
let last = steadyMilliseconds();
setInterval(() => {
  const now = steadyMilliseconds();
  const late = now - last - PERIOD_MILLISECONDS;
  last = now;
  if (late >= SHORTEST_MILLISECONDS) recordStall(record, { endedAt: now, milliseconds: late });
}, PERIOD_MILLISECONDS);
