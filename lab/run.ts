// Runs the lab: `node lab/run.ts [--kernel auto|host|uml] [PATTERN...]`.
//
// One pass with kernel ESP, on the machine's kernel or in one user-mode Linux guest for all cases.
// Where the machine's kernel has no ESP, a second pass on it runs the cases that say
// `// lab: userspace` with strongSwan's own ESP: a second data plane, never the only one, unless
// `--kernel host` asks for that. A PATTERN is a part of a case's path.

import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { caseFiles } from './case-files.ts';
import { DATA_PLANE_VARIABLE, type LabDataPlane } from './data-plane.ts';
import { runInGuest } from './guest.ts';
import { isolate } from './isolate.ts';
import { chooseKernel, type HostKernel, type KernelWish, type LabKernel } from './kernel.ts';
import { cacheDirectory, projectDirectory } from './paths.ts';
import { type CaseCounts, parseCounts } from './results.ts';

interface Pass {
  readonly kernel: LabKernel;
  readonly dataPlane: LabDataPlane;
}

const MEMORY_MEGABYTES = 2_048;
const TIME_LIMIT_SECONDS = 1_200;

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    options: { kernel: { type: 'string', default: 'auto' } },
    allowPositionals: true,
  });
  const wish = toKernelWish(values.kernel);
  isolate();
  const total = { passed: 0, failed: 0, skipped: 0 };
  let broken = 0;
  for (const pass of await choosePasses(wish)) {
    const files = await caseFiles(positionals, pass.dataPlane);
    if (files.length === 0) continue;
    process.stdout.write(`# lab: kernel ${kernelName(pass.kernel)}, ESP in ${pass.dataPlane}\n`);
    const counts = await runPass(pass, files);
    if (counts === undefined) broken += 1;
    total.passed += counts?.passed ?? 0;
    total.failed += counts?.failed ?? 0;
    total.skipped += counts?.skipped ?? 0;
  }
  if (total.passed + total.failed === 0) process.stderr.write('lab: no test has run\n');
  if (broken > 0) process.stderr.write(`lab: ${String(broken)} pass(es) ended without a result\n`);
  const { passed, failed, skipped } = total;
  const counted = failed + broken;
  process.stdout.write(
    `${String(passed)} passed, ${String(counted)} failed, ${String(skipped)} skipped\n`,
  );
  return counted === 0 && passed > 0 ? 0 : 1;
}

function toKernelWish(text: string): KernelWish {
  if (text === 'auto' || text === 'host' || text === 'uml') return text;
  process.stderr.write('usage: node lab/run.ts [--kernel auto|host|uml] [PATTERN...]\n');
  process.exit(2);
}

async function choosePasses(wish: KernelWish): Promise<readonly Pass[]> {
  const kernel = await chooseKernel(wish);
  if (kernel.kind === 'host') return [hostPass(kernel)];
  const first: Pass = { kernel, dataPlane: 'kernel' };
  if (wish === 'uml') return [first];
  const own = await chooseKernel('host');
  return own.kind === 'host' && !own.hasEsp ? [first, hostPass(own)] : [first];
}

function hostPass(kernel: HostKernel): Pass {
  return { kernel, dataPlane: kernel.hasEsp ? 'kernel' : 'userspace' };
}

/** Undefined if the pass ended before it could tell its results. */
async function runPass(pass: Pass, files: readonly string[]): Promise<CaseCounts | undefined> {
  const { kernel, dataPlane } = pass;
  const directory = join(cacheDirectory, 'results');
  await mkdir(directory, { recursive: true });
  // Until it is complete, the result has a name that no other run has.
  const resultFile = join(directory, `.lab-${randomUUID()}.json`);
  const reporter = pathToFileURL(join(import.meta.dirname, 'count-reporter.ts')).href;
  const args = [
    ...['--conditions=@sallyport/source', '--disable-warning=ExperimentalWarning'],
    // One process: a program start is slow in a guest, and the cases are not made to run side by
    // side. What a failed case left open must not keep the pass from ending.
    ...['--test', '--test-isolation=none', '--test-force-exit'],
    ...['--test-reporter=spec', '--test-reporter-destination=stdout'],
    ...[`--test-reporter=${reporter}`, `--test-reporter-destination=${resultFile}`],
    ...files,
  ];
  const environment: Record<string, string> = { ...definedEnvironment() };
  environment[DATA_PLANE_VARIABLE] = dataPlane;
  // A guest's output is a terminal for its programs, whatever ours is.
  if (!process.stdout.isTTY) environment['NO_COLOR'] = '1';
  if (kernel.kind === 'uml') {
    await runInGuest({
      ...{ kernel, file: process.execPath, args, environment, directory: projectDirectory },
      ...{ sharedDirectory: cacheDirectory, memoryMegabytes: MEMORY_MEGABYTES },
      timeLimitSeconds: TIME_LIMIT_SECONDS,
    });
  } else {
    const cases = spawn(process.execPath, args, {
      ...{ cwd: projectDirectory, env: environment, stdio: 'inherit' },
      ...{ timeout: TIME_LIMIT_SECONDS * 1_000, killSignal: 'SIGKILL' },
    });
    await once(cases, 'exit');
  }
  const published = join(directory, `lab-${kernel.kind}.json`);
  await rm(published, { force: true });
  try {
    const counts = parseCounts(await readFile(resultFile, 'utf8'));
    await rename(resultFile, published);
    return counts;
  } catch (error) {
    await rm(resultFile, { force: true });
    process.stderr.write(`lab: no result can be read: ${String(error)}\n`);
    return undefined;
  }
}

function kernelName(kernel: LabKernel): string {
  return kernel.kind === 'uml'
    ? `${kernel.release} (user-mode Linux, ${kernel.path})`
    : `${kernel.release} (this machine)`;
}

function definedEnvironment(): Record<string, string> {
  return Object.fromEntries(
    Object.entries(process.env).filter(
      (entry): entry is [string, string] => entry[1] !== undefined,
    ),
  );
}

process.exit(await main());
