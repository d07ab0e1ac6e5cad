// How long the machine stood still, by the timers of this process: on a virtual machine that its host starves, daemons
// that count in tenths of a second see neighbours die that live.

import { monitorEventLoopDelay } from 'node:perf_hooks';

/** BFD on the LAN waits 300 ms: what happens beside a stall of most of that says nothing of what runs here. */
export const STALL_MILLISECONDS = 200;

const RESOLUTION_MILLISECONDS = 10;

/** Begins to look at once; the function ends that, and returns the longest stall in milliseconds. */
export function watchStalls(): () => number {
  const delays = monitorEventLoopDelay({ resolution: RESOLUTION_MILLISECONDS });
  delays.enable();
  return () => {
    delays.disable();
    return Math.max(0, delays.max / 1_000_000 - RESOLUTION_MILLISECONDS);
  };
}
