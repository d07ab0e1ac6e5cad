// Subjects of a case measured in turn, A B A B ..., so that whatever the machine does meanwhile
// (a neighbour's load, heat, a cache filling up) meets all of them alike.

import { performance } from 'node:perf_hooks';
import { untilAtRest } from './rest.ts';

/** Values by metric. */
export type Measured = Readonly<Record<string, number>>;

export interface Subject {
  readonly name: string;
  /** Puts everything where it was before the last run; not measured. */
  readonly prepare?: () => Promise<void>;
  /** One run. */
  readonly run: () => Promise<Measured>;
}

export interface Metric {
  readonly unit: string;
  /** What our own side shall stay below, where we have set ourselves something. */
  readonly aims?: readonly Aim[];
}

export interface Aim {
  readonly subject: string;
  readonly below: number;
}

export interface Contest {
  readonly name: string;
  /** A subject may leave out what it does not have. */
  readonly metrics: Readonly<Record<string, Metric>>;
  /** Ours first; the table compares the others with it. */
  readonly subjects: readonly Subject[];
  readonly runs: number;
  /** Every run begins from nothing: there is no cache to be filled. */
  readonly isCold?: true;
}

/** One line of the result: one subject, one metric. */
export interface CaseResult {
  readonly case: string;
  readonly subject: string;
  readonly metric: string;
  readonly unit: string;
  readonly median: number;
  readonly min: number;
  readonly max: number;
  readonly runs: number;
}

/** A round whose values are thrown away goes first, if not cold: it fills caches for all subjects alike. */
export async function holdContest(contest: Contest): Promise<readonly CaseResult[]> {
  const values = contest.subjects.map((): Measured[] => []);
  for (let round = contest.isCold === true ? 1 : 0; round <= contest.runs; round += 1) {
    for (const [index, subject] of contest.subjects.entries()) {
      await subject.prepare?.();
      await untilAtRest();
      const measured = await subject.run();
      if (round > 0) values[index]?.push(measured);
    }
  }
  return contest.subjects.flatMap((subject, index) => {
    const runs = values[index] ?? [];
    return Object.entries(contest.metrics)
      .filter(([metric]) => runs.some((measured) => metric in measured))
      .map(([metric, { unit }]) => ({
        ...{ case: contest.name, subject: subject.name, metric, unit },
        ...summarize(runs.map((measured) => valueOf(measured, metric))),
      }));
  });
}

export async function milliseconds(action: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await action();
  return performance.now() - start;
}

function valueOf(measured: Measured, metric: string): number {
  const value = measured[metric];
  if (value === undefined) throw new Error(`a run did not measure ${metric}`);
  return value;
}

function summarize(values: readonly number[]): Pick<CaseResult, 'median' | 'min' | 'max' | 'runs'> {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (index: number): number => round(sorted[index] ?? Number.NaN);
  const half = Math.floor(sorted.length / 2);
  const median =
    sorted.length % 2 === 1
      ? at(half)
      : round(((sorted[half - 1] ?? Number.NaN) + (sorted[half] ?? Number.NaN)) / 2);
  return { median, min: at(0), max: at(sorted.length - 1), runs: sorted.length };
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
