/** A log that remembers, for tests. */
import { pino } from 'pino';
import type { Log } from '../log.ts';

export interface Entry {
  readonly level: number;
  readonly msg: string;
  readonly [field: string]: unknown;
}

export function rememberingLog(): { readonly log: Log; readonly entries: Entry[] } {
  const entries: Entry[] = [];
  const log = pino(
    { level: 'debug', base: null, timestamp: false },
    { write: (line: string) => entries.push(JSON.parse(line) as Entry) },
  );
  return { log, entries };
}
