// How long a person waits for `sallyport --help`, and how much of it is Node.js itself.

import { mustExecute } from '../lab/execute.ts';
import { type Contest, milliseconds, type Subject } from './contest.ts';
import { SALLYPORT } from './sallyport.ts';

const AIM_MILLISECONDS = 150;

export async function* startupContests(): AsyncGenerator<Contest, void, undefined> {
  await Promise.resolve();
  yield {
    name: 'start',
    runs: 21,
    metrics: {
      time: { unit: 'ms', aim: { subject: 'sallyport --help', below: AIM_MILLISECONDS } },
    },
    subjects: [
      nodeProgram('sallyport --help', [SALLYPORT, '--help']),
      nodeProgram('node -e 0', ['-e', '0']),
    ],
  };
}

function nodeProgram(name: string, args: readonly string[]): Subject {
  return {
    name,
    run: async () => ({ time: await milliseconds(() => mustExecute(process.execPath, args)) }),
  };
}
