// How long a person waits for `sallyport --help`, and how much of it is Node.js itself.

import type { Contest } from './contest.ts';
import { program } from './program.ts';
import { SALLYPORT } from './sallyport.ts';

const AIM_MILLISECONDS = 150;

export async function* startupContests(): AsyncGenerator<Contest, void, undefined> {
  await Promise.resolve();
  yield {
    name: 'start',
    runs: 21,
    metrics: {
      time: { unit: 'ms', aims: [{ subject: 'sallyport --help', below: AIM_MILLISECONDS }] },
    },
    subjects: [
      program('sallyport --help', process.execPath, [SALLYPORT, '--help']),
      program('node -e 0', process.execPath, ['-e', '0']),
    ],
  };
}
