// How long the machine stood still: on a virtual machine that its host starves, daemons that count in tenths of a
// second see neighbours die that live.

import { Worker } from 'node:worker_threads';
import { makeRecord, type StallRecord, stallsIn, steadyMilliseconds } from './stall-record.ts';

/** BFD on the LAN waits 300 ms: what happens beside a stall of most of that says nothing of what runs here. */
export const STALL_MILLISECONDS = 200;

let record: StallRecord | undefined;

/** Begins to look at once; the function returns the longest stall since then, in milliseconds. */
export function watchStalls(): () => number {
  const seen = (record ??= startWatching());
  const from = steadyMilliseconds();
  return () => {
    const since = stallsIn(seen).filter(({ endedAt }) => endedAt > from);
    return Math.max(0, ...since.map(({ milliseconds }) => milliseconds));
  };
}

/** For the life of this process, which it does not keep from ending. */
function startWatching(): StallRecord {
  const workerData = makeRecord();
  new Worker(new URL('./stall-watch.ts', import.meta.url), { workerData }).unref();
  return workerData;
}
