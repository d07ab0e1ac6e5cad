/** Round trips of the latest probes, by the number of the probe: an answer may come late, and after later ones. */
import type { ProbeWindow, RoundTrip } from '../health-report.ts';

export const REMEMBERED = 1_000;

export class Answers {
  readonly #milliseconds = new Float32Array(REMEMBERED).fill(Number.NaN);

  note(sequence: number, roundTripMilliseconds: number): void {
    this.#milliseconds[sequence % REMEMBERED] = roundTripMilliseconds;
  }

  /** Nothing is known of these: all but the last ones are forgotten anyway. */
  expect(from: number, end: number): void {
    for (let sequence = Math.max(from, end - REMEMBERED); sequence < end; sequence += 1)
      this.note(sequence, Number.NaN);
  }

  countLost({ from, end }: Range): ProbeWindow {
    const answered = this.#answered({ from, end }).length;
    return { sent: end - from, lost: end - from - answered };
  }

  /** Undefined where none of them was answered. */
  roundTrip(range: Range): RoundTrip | undefined {
    const times = this.#answered(range);
    const last = times.at(-1);
    if (last === undefined) return undefined;
    return {
      lastMilliseconds: rounded(last),
      minimumMilliseconds: rounded(Math.min(...times)),
      averageMilliseconds: rounded(times.reduce((sum, time) => sum + time, 0) / times.length),
      maximumMilliseconds: rounded(Math.max(...times)),
    };
  }

  #answered({ from, end }: Range): number[] {
    const times: number[] = [];
    for (let sequence = from; sequence < end; sequence += 1) {
      const time = this.#milliseconds[sequence % REMEMBERED];
      if (time !== undefined && !Number.isNaN(time)) times.push(time);
    }
    return times;
  }
}

/** Numbers of probes, at most {@link REMEMBERED}. */
export interface Range {
  readonly from: number;
  readonly end: number;
}

function rounded(milliseconds: number): number {
  return Math.round(milliseconds * 100) / 100;
}
