// One part of a lab run: some case files on one kernel, in a process or a guest of its own, with its
// output kept together until it has ended.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { DATA_PLANE_VARIABLE, type LabDataPlane } from './data-plane.ts';
import { runInGuest } from './guest.ts';
import type { LabKernel } from './kernel.ts';
import { cacheDirectory, projectDirectory } from './paths.ts';
import { type CaseCounts, parseCounts } from './results.ts';

export interface Job {
  readonly kernel: LabKernel;
  readonly dataPlane: LabDataPlane;
  /** Absolute paths. */
  readonly files: readonly string[];
}

export interface JobResult {
  readonly output: string;
  readonly seconds: number;
  /** Undefined: it ended before it could tell. */
  readonly counts: CaseCounts | undefined;
}

/** Backed by the machine only as far as it is touched. */
const MEMORY_MEGABYTES = 2_048;
/** For each file. */
const TIME_LIMIT_SECONDS = 1_200;

export async function runJob(job: Job): Promise<JobResult> {
  const started = performance.now();
  // A guest can write to this machine only below the cache directory.
  const directory = await mkdtemp(join(cacheDirectory, 'lab-job-'));
  const outputFile = join(directory, 'output');
  const resultFile = join(directory, 'counts');
  const output = openSync(outputFile, 'a');
  try {
    await runCases(job, resultFile, output);
    const words = await readFile(outputFile, 'utf8');
    const seconds = (performance.now() - started) / 1_000;
    const counts = await readCounts(resultFile);
    return { output: words, seconds, counts };
  } finally {
    closeSync(output);
    await rm(directory, { recursive: true });
  }
}

async function readCounts(path: string): Promise<CaseCounts | undefined> {
  try {
    return parseCounts(await readFile(path, 'utf8'));
  } catch {
    return undefined;
  }
}

async function runCases(
  { kernel, dataPlane, files }: Job,
  resultFile: string,
  output: number,
): Promise<void> {
  const reporter = pathToFileURL(join(import.meta.dirname, 'count-reporter.ts')).href;
  const args = [
    ...['--conditions=@sallyport/source', '--disable-warning=ExperimentalWarning'],
    // One process: a program start is slow in a guest, and the cases of a job are not made to run side by
    // side. What a failed case left open must not keep the job from ending.
    ...['--test', '--test-isolation=none', '--test-force-exit'],
    ...['--test-reporter=spec', '--test-reporter-destination=stdout'],
    ...[`--test-reporter=${reporter}`, `--test-reporter-destination=${resultFile}`],
    ...files,
  ];
  const timeLimitSeconds = TIME_LIMIT_SECONDS * files.length;
  const environment = { ...definedEnvironment(), NO_COLOR: '1', [DATA_PLANE_VARIABLE]: dataPlane };
  if (kernel.kind === 'uml') {
    await runInGuest({
      ...{ kernel, file: process.execPath, args, environment, directory: projectDirectory },
      ...{ sharedDirectory: cacheDirectory, memoryMegabytes: MEMORY_MEGABYTES },
      ...{ timeLimitSeconds, output },
    });
    return;
  }
  const cases = spawn(process.execPath, args, {
    ...{ cwd: projectDirectory, env: environment, stdio: ['ignore', output, output] },
    ...{ timeout: timeLimitSeconds * 1_000, killSignal: 'SIGKILL' },
  });
  await once(cases, 'exit');
}

function definedEnvironment(): Record<string, string> {
  return Object.fromEntries(
    Object.entries(process.env).filter(
      (entry): entry is [string, string] => entry[1] !== undefined,
    ),
  );
}

/** `cases/roll.lab.ts (2 more)`. */
export function describeJob({ kernel, dataPlane, files }: Job): string {
  const [first = '', ...more] = files.map((file) => basename(file));
  const name =
    kernel.kind === 'uml'
      ? `${kernel.release} (user-mode Linux, ${kernel.path})`
      : `${kernel.release} (this machine)`;
  const others = more.length === 0 ? '' : ` and ${String(more.length)} more`;
  return `lab: ${first}${others}: kernel ${name}, ESP in ${dataPlane}`;
}
