/** What the levels of a round share: what they leave different, how they fail, what the log is told. */
import { type ApplyReport, type Change, type DriverName, formatChange } from '../drivers/driver.ts';
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

/** Failed changes as lines: what was tried, and what came back. */
export function failureLines({ failed }: ApplyReport): string[] {
  return failed.map(
    ({ change, error }: { change: Change; error: string }) =>
      `${change.driver}: ${formatChange(change)}: ${error}`,
  );
}

/** Changes that are still to be done although none of them failed: a failure is told with its error. */
export function unexplained<C extends Change>(left: readonly C[], { failed }: ApplyReport): C[] {
  const told = new Set(failed.map(({ change }) => formatChange(change)));
  return left.filter((change) => !told.has(formatChange(change)));
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
    const lines = failureLines(report);
    for (const [index, line] of lines.entries()) {
      const failed = report.failed[index];
      if (failed === undefined || this.#told.has(line)) continue;
      this.#log.warn({ driver, error: failed.error }, `failed: ${formatChange(failed.change)}`);
    }
    this.#told = new Set(lines);
  }
}
