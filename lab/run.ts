// Runs the lab: `node lab/run.ts [--whole] [--kernel auto|host|uml] [PATTERN...]`.
//
// Kernel ESP on the machine's kernel, or in user-mode Linux: one guest for each file of cases, as many at
// once as there are processors. Where the machine's kernel has no ESP, the cases that say
// `// lab: userspace` run on it as well, with strongSwan's own ESP: a second data plane, never the
// only one, unless `--kernel host` asks for that. What says `// lab: any kernel` runs there and, but for
// `--whole`, in no guest. A PATTERN is a part of a case's path. `--whole` has the
// cases that prove the more the longer they run go on for their whole length. What says `// lab: alone` runs when everything
// else has ended, one after the other.

import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { caseFiles, needsNoOther } from './case-files.ts';
import { isolate } from './isolate.ts';
import { describeJob, type Job, runJob } from './job.ts';
import { chooseKernel, type HostKernel, type KernelWish } from './kernel.ts';
import { isWhole, WHOLE_VARIABLE } from './length.ts';

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    options: {
      kernel: { type: 'string', default: 'auto' },
      whole: { type: 'boolean', default: false },
    },
    allowPositionals: true,
  });
  const wish = toKernelWish(values.kernel);
  if (values.whole) process.env[WHOLE_VARIABLE] = '1';
  isolate();
  const { together, alone, leftOut } = await chooseJobs(wish, positionals);
  const total = { passed: 0, failed: 0, skipped: 0 };
  let broken = 0;
  // What failed comes last, where people look first.
  let last = '';
  const run = async (job: Job): Promise<void> => {
    const { output, seconds, counts } = await runJob(job);
    const words = `# ${describeJob(job)}: ${seconds.toFixed(0)} s\n${output}`;
    if (counts === undefined || counts.failed > 0) {
      process.stdout.write(`# FAILED: ${describeJob(job)}\n`);
      last += words;
    } else process.stdout.write(words);
    if (counts === undefined) broken += 1;
    total.passed += counts?.passed ?? 0;
    total.failed += counts?.failed ?? 0;
    total.skipped += counts?.skipped ?? 0;
  };
  const guests = together.filter(({ kernel }) => kernel.kind === 'uml');
  const runGuests = async (): Promise<void> => {
    for (let job = guests.shift(); job !== undefined; job = guests.shift()) await run(job);
  };
  await Promise.all([
    // On this machine's kernel cases mostly wait: they take no guest's place.
    ...together.filter(({ kernel }) => kernel.kind === 'host').map(run),
    ...Array.from({ length: availableParallelism() }, runGuests),
  ]);
  for (const job of alone) await run(job);
  process.stdout.write(last);
  if (leftOut > 0)
    process.stdout.write(
      `${String(leftOut)} file(s) of cases want a machine to themselves, and were left out: --whole, or a part of their names, runs them\n`,
    );
  if (total.passed + total.failed === 0) process.stderr.write('lab: no test has run\n');
  if (broken > 0) process.stderr.write(`lab: ${String(broken)} part(s) ended without a result\n`);
  const { passed, failed, skipped } = total;
  const counted = failed + broken;
  process.stdout.write(
    `${String(passed)} passed, ${String(counted)} failed, ${String(skipped)} skipped\n`,
  );
  return counted === 0 && passed > 0 ? 0 : 1;
}

function toKernelWish(text: string): KernelWish {
  if (text === 'auto' || text === 'host' || text === 'uml') return text;
  process.stderr.write('usage: node lab/run.ts [--whole] [--kernel auto|host|uml] [PATTERN...]\n');
  process.exit(2);
}

/** Each in the order in which they shall begin. */
interface Jobs {
  readonly together: readonly Job[];
  readonly alone: readonly Job[];
  /** Files that run neither way. */
  readonly leftOut: number;
}

async function chooseJobs(wish: KernelWish, patterns: readonly string[]): Promise<Jobs> {
  const kernel = await chooseKernel(wish);
  if (kernel.kind === 'host') return hostJobs(kernel, patterns);
  const own = wish === 'uml' ? undefined : await chooseKernel('host');
  const ours = own?.kind === 'host' && !own.hasEsp ? await hostJobs(own, patterns) : NO_JOBS;
  const isOurs = (text: string): boolean =>
    ours.together.length + ours.alone.length > 0 && !isWhole() && needsNoOther(text);
  const { together, alone, leftOut } = await caseFiles(patterns, 'kernel', isOurs);
  const toJob = (file: string): Job => ({ kernel, dataPlane: 'kernel', files: [file] });
  return {
    together: [...ours.together, ...together.map(toJob)],
    alone: [...ours.alone, ...alone.map(toJob)],
    leftOut: leftOut.length,
  };
}

const NO_JOBS: Jobs = { together: [], alone: [], leftOut: 0 };

/** One of each: cases that look at all of a machine would see those of another one. */
async function hostJobs(kernel: HostKernel, patterns: readonly string[]): Promise<Jobs> {
  const dataPlane = kernel.hasEsp ? 'kernel' : 'userspace';
  const { together, alone, leftOut } = await caseFiles(patterns, dataPlane);
  const toJobs = (files: readonly string[]): readonly Job[] =>
    files.length === 0 ? [] : [{ kernel, dataPlane, files }];
  return { together: toJobs(together), alone: toJobs(alone), leftOut: leftOut.length };
}

process.exit(await main());
