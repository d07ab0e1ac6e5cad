/** One level from what is there to what is planned: what to do about what differs, and what still does after it. */
import {
  type ApplyReport,
  type Change,
  type Driver,
  type DriverName,
  type FailedChange,
  formatChange,
} from '../drivers/driver.ts';
import type { Difference } from '../status/host-report.ts';
import type { DriftWatch, Look } from './drift-watch.ts';
import type { Log } from './log.ts';

/** How the changes of a level are told. */
export interface Teller<C extends Change> {
  /** What is changed, such as `kernel`. */
  readonly name: string;
  /** Names of the tunnels that a change concerns; empty: the whole host. */
  readonly tunnelsOf: (change: C) => readonly string[];
}

export interface Convergence<C extends Change> {
  readonly look: Look;
  /** What has to be done to reach the plan. */
  readonly changes: readonly C[];
  readonly teller: Teller<C>;
  readonly apply: (changes: readonly C[]) => Promise<ApplyReport<C>>;
  /** Looks again: what has to be done still. */
  readonly remaining: () => Promise<readonly C[]>;
}

export interface ConvergerOptions {
  readonly driver: DriverName;
  readonly drift: DriftWatch;
  readonly log: Log;
}

export class Converger {
  readonly #drift: DriftWatch;
  readonly #changeLog: ChangeLog;

  constructor({ driver, drift, log }: ConvergerOptions) {
    this.#drift = drift;
    this.#changeLog = new ChangeLog(driver, log);
  }

  /** A level whose driver is looked at as a whole: what differs in the end. */
  async reach<Desired, Observed, C extends Change>(
    driver: Driver<Desired, Observed, C>,
    desired: Desired,
    plan: Look['plan'],
    signal: AbortSignal,
  ): Promise<Difference[]> {
    const { name } = driver;
    const remaining = async (): Promise<C[]> => driver.diff(await driver.observe(signal), desired);
    return this.converge({
      look: { level: name, plan },
      changes: await remaining(),
      teller: { name, tunnelsOf: () => [] },
      apply: (changes) => driver.apply(changes, signal),
      remaining,
    });
  }

  /** What differs in the end. */
  async converge<C extends Change>(convergence: Convergence<C>): Promise<Difference[]> {
    const { look, changes, teller, apply, remaining } = convergence;
    const found = toDifferences(changes, teller);
    const decision = this.#drift.decide(look);
    if (changes.length === 0 || decision === 'leave') {
      this.#drift.note(look, found, textsOf(found));
      return asDrifted(found);
    }
    const report = await apply(changes);
    this.#changeLog.note(report);
    const left = await remaining();
    this.#drift.note(look, found, textsOf(toDifferences(left, teller)));
    const differences = leftover(left, report, teller);
    return decision === 'repair' ? asDrifted(differences) : differences;
  }
}

/** Changes that are to be done, as what differs: one for each tunnel that it concerns. */
function toDifferences<C extends Change>(
  changes: readonly C[],
  { name, tunnelsOf }: Teller<C>,
): Difference[] {
  return changes.flatMap((change) =>
    concerning(`${name}: ${formatChange(change)}`, tunnelsOf(change)),
  );
}

/** What differs after an apply: what failed, with its error, and what was done in vain. */
function leftover<C extends Change>(
  left: readonly C[],
  report: ApplyReport<C>,
  teller: Teller<C>,
): Difference[] {
  const told = new Set(report.failed.map(({ change }) => formatChange(change)));
  const inVain = left.filter((change) => !told.has(formatChange(change)));
  return [
    ...report.failed.flatMap((failed) =>
      concerning(failureLine(failed), teller.tunnelsOf(failed.change)),
    ),
    ...toDifferences(inVain, teller),
  ];
}

function textsOf(differences: readonly Difference[]): ReadonlySet<string> {
  return new Set(differences.map(({ text }) => text));
}

function asDrifted(differences: readonly Difference[]): Difference[] {
  return differences.map((difference) => ({ ...difference, drifted: true }));
}

function concerning(text: string, tunnels: readonly string[]): Difference[] {
  return tunnels.length === 0 ? [{ text }] : tunnels.map((tunnel) => ({ text, tunnel }));
}

/** What was tried, and what came back. */
function failureLine({ change, error }: FailedChange): string {
  return `${change.driver}: ${formatChange(change)}: ${error}`;
}

/** Of one apply, in the log: whoever reads it does not read ten thousand routes, and to write them takes longer than to set them. */
const MOST_LINES = 100;

/** Tells the log of each change; of what fails in the same way round by round, once. */
class ChangeLog {
  readonly #log: Log;
  readonly #driver: DriverName;
  #told: ReadonlySet<string> = new Set();

  constructor(driver: DriverName, log: Log) {
    this.#driver = driver;
    this.#log = log;
  }

  note(report: ApplyReport): void {
    const driver = this.#driver;
    for (const change of report.done.slice(0, MOST_LINES))
      this.#log.info({ driver, impact: change.impact }, formatChange(change));
    const more = report.done.length - MOST_LINES;
    if (more > 0) this.#log.info({ driver }, `and ${more} changes more`);
    const told = this.#told;
    this.#told = new Set(report.failed.map(failureLine));
    for (const failed of report.failed) {
      if (told.has(failureLine(failed))) continue;
      this.#log.warn({ driver, error: failed.error }, `failed: ${formatChange(failed.change)}`);
    }
  }
}
