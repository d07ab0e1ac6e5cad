// What a fault costs the traffic between two hosts, in each direction for itself.

import { setTimeout as delay } from 'node:timers/promises';
import { watchStalls } from './stalls.ts';
import { type Arrival, type FlowDeclaration, type FlowResult, TimedFlow } from './timed-flow.ts';

export interface Outage {
  readonly sent: number;
  readonly lost: number;
  /** Traffic flowed again before the patience was over. */
  readonly isFlowing: boolean;
  /**
   * The longest time without a packet, as far as packets got lost in it. 0: none got lost. Infinity: traffic flows no
   * more.
   */
  readonly gapMilliseconds: number;
  /** From the fault to the first packet after that gap; 0 and Infinity as above. */
  readonly resumedMilliseconds: number;
}

export interface Outages {
  /** From the cluster to the remote site. */
  readonly outbound: Outage;
  readonly inbound: Outage;
  /** How long the machine itself stood still meanwhile, at the longest. */
  readonly stalledMilliseconds: number;
}

export interface OutageOptions {
  readonly outbound: FlowDeclaration;
  readonly inbound: FlowDeclaration;
  /** In each direction; 250 if absent. */
  readonly packetsPerSecond?: number;
  /** At least so long is looked on after the fault; 3 if absent: what comes later is not seen. */
  readonly observeSeconds?: number;
  /** Who has not come back by then, after the fault is done, never does; 60 if absent. */
  readonly patienceSeconds?: number;
}

export type Fault = () => Promise<unknown>;

const LOOK_MILLISECONDS = 500;

/** Of what was sent: less is no traffic that flows. */
const FLOWING_SHARE = 0.6;

/**
 * `aim` looks at the traffic, and returns the fault that is to meet it. Returns when traffic flows in both directions
 * again, or the patience is over.
 */
export async function measureOutages(
  options: OutageOptions,
  aim: () => Promise<Fault>,
): Promise<Outages> {
  const { packetsPerSecond = 250, observeSeconds = 3, patienceSeconds = 60 } = options;
  const endStalls = watchStalls();
  const flows = await Promise.all(
    [options.outbound, options.inbound].map((flow) => TimedFlow.start(flow, packetsPerSecond)),
  );
  let faultAt = 0;
  let areFlowing: readonly boolean[] = [];
  let results: readonly FlowResult[] = [];
  let stalledMilliseconds = 0;
  try {
    const fault = await aim();
    faultAt = Date.now();
    await fault();
    const begin = performance.now();
    await delay(observeSeconds * 1_000);
    areFlowing = await untilFlowing(flows, begin + patienceSeconds * 1_000);
  } finally {
    stalledMilliseconds = endStalls();
    // Also where the fault could not be done: its packets would be counted by what is measured next.
    results = await Promise.all(flows.map((flow) => flow.stop()));
  }
  const [outbound, inbound] = results.map((result, index) =>
    outageOf(result, faultAt, areFlowing[index] === true),
  );
  if (outbound === undefined || inbound === undefined) throw new Error('two flows were started');
  return { outbound, inbound, stalledMilliseconds };
}

function outageOf(
  { sent, lost, arrivals }: FlowResult,
  faultAt: number,
  isFlowing: boolean,
): Outage {
  let [gap, resumed] = [0, 0];
  let last: Arrival | undefined;
  for (const arrival of arrivals) {
    const missing = last === undefined ? 0 : arrival.number - last.number - 1;
    if (last !== undefined && missing > 0 && arrival.at > faultAt && arrival.at - last.at > gap) {
      gap = arrival.at - last.at;
      resumed = arrival.at - faultAt;
    }
    last = arrival;
  }
  return {
    ...{ sent, lost, isFlowing },
    gapMilliseconds: isFlowing ? gap : Number.POSITIVE_INFINITY,
    resumedMilliseconds: isFlowing ? resumed : Number.POSITIVE_INFINITY,
  };
}

/** Which of them flow in the end; returns as soon as all do. */
async function untilFlowing(
  flows: readonly TimedFlow[],
  deadline: number,
): Promise<readonly boolean[]> {
  const counts = (): Promise<readonly number[]> => Promise.all(flows.map((flow) => flow.arrived()));
  for (let before = await counts(); ; ) {
    await delay(LOOK_MILLISECONDS);
    const now = await counts();
    const areFlowing = flows.map(({ packetsPerSecond }, index) => {
      const arrived = (now[index] ?? 0) - (before[index] ?? 0);
      return arrived > (packetsPerSecond * LOOK_MILLISECONDS * FLOWING_SHARE) / 1_000;
    });
    if (areFlowing.every(Boolean) || performance.now() >= deadline) return areFlowing;
    before = now;
  }
}
