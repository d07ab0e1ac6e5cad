/** What the levels of a round share: what they leave different, how they fail, what the log is told. */
import {
  type ApplyReport,
  type Change,
  type DriverName,
  type FailedChange,
  formatChange,
} from '../drivers/driver.ts';
import { messageOf } from '../lib/message-of.ts';
import type { Problem } from '../lib/problem.ts';
import type { Difference } from '../status/host-report.ts';
import type { Log } from './log.ts';

/** What one level leaves behind. */
export interface LevelResult {
  readonly differences: readonly Difference[];
  readonly problems: readonly Problem[];
}

/** Deadline of one level. A thousand connections load in well under a second. */
const LEVEL_MILLISECONDS = 60_000;

export function boundLevel(signal: AbortSignal): AbortSignal {
  return AbortSignal.any([signal, AbortSignal.timeout(LEVEL_MILLISECONDS)]);
}

export function toProblem(code: string, error: unknown): Problem {
  return { code, severity: 'error', message: messageOf(error) };
}

/** How the changes of a level are told. */
export interface Teller<C extends Change> {
  /** What is changed, such as `kernel`. */
  readonly name: string;
  /** Names of the tunnels that a change concerns; empty: the whole host. */
  readonly tunnelsOf: (change: C) => readonly string[];
}

/** Changes that are to be done, as what differs: one for each tunnel that it concerns. */
export function toDifferences<C extends Change>(
  changes: readonly C[],
  { name, tunnelsOf }: Teller<C>,
): Difference[] {
  return changes.flatMap((change) =>
    concerning(`${name}: ${formatChange(change)}`, tunnelsOf(change)),
  );
}

/** What differs after an apply: what failed, with its error, and what was done in vain. */
export function leftover<C extends Change>(
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

export function textsOf(differences: readonly Difference[]): ReadonlySet<string> {
  return new Set(differences.map(({ text }) => text));
}

export function asDrifted(differences: readonly Difference[]): Difference[] {
  return differences.map((difference) => ({ ...difference, drifted: true }));
}

function concerning(text: string, tunnels: readonly string[]): Difference[] {
  return tunnels.length === 0 ? [{ text }] : tunnels.map((tunnel) => ({ text, tunnel }));
}

/** What was tried, and what came back. */
function failureLine({ change, error }: FailedChange): string {
  return `${change.driver}: ${formatChange(change)}: ${error}`;
}

/** Tells the log of each change; of what fails in the same way round by round, once. */
export class ChangeLog {
  readonly #log: Log;
  readonly #driver: DriverName;
  #told: ReadonlySet<string> = new Set();

  constructor(driver: DriverName, log: Log) {
    this.#driver = driver;
    this.#log = log;
  }

  note(report: ApplyReport): void {
    const driver = this.#driver;
    for (const change of report.done)
      this.#log.info({ driver, impact: change.impact }, formatChange(change));
    const told = this.#told;
    this.#told = new Set(report.failed.map(failureLine));
    for (const failed of report.failed) {
      if (told.has(failureLine(failed))) continue;
      this.#log.warn({ driver, error: failed.error }, `failed: ${formatChange(failed.change)}`);
    }
  }
}
