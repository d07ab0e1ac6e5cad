/** What the levels of a round share: what they leave behind, how long they may take, how they fail. */
import { messageOf } from '../lib/message-of.ts';
import type { Problem } from '../lib/problem.ts';
import type { Difference } from '../status/host-report.ts';

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
