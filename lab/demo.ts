// `make demo`: Sallyport between two partners, then in a cluster with two gateways, step by step, on the machine's kernel or inside
// user-mode Linux. This part chooses the kernel; `demo/steps.ts` runs on it.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { DATA_PLANE_VARIABLE } from './data-plane.ts';
import { runInGuest } from './guest.ts';
import { isolate } from './isolate.ts';
import { chooseKernel } from './kernel.ts';
import { cacheDirectory, projectDirectory } from './paths.ts';

const TIME_LIMIT_SECONDS = 600;

isolate();
const kernel = await chooseKernel('auto');
const dataPlane = kernel.kind === 'host' && !kernel.hasEsp ? 'userspace' : 'kernel';
const place = kernel.kind === 'uml' ? 'user-mode Linux' : 'this machine';
process.stdout.write(`Kernel ${kernel.release} (${place}), ESP in ${dataPlane}.\n`);
const environment: Record<string, string> = {};
for (const [name, value] of Object.entries(process.env)) {
  if (value !== undefined) environment[name] = value;
}
environment[DATA_PLANE_VARIABLE] = dataPlane;
const args = [
  '--disable-warning=ExperimentalWarning',
  join(import.meta.dirname, 'demo', 'steps.ts'),
];
if (kernel.kind === 'uml') {
  process.exitCode = await runInGuest({
    ...{ kernel, file: process.execPath, args, environment, directory: projectDirectory },
    ...{ sharedDirectory: cacheDirectory, memoryMegabytes: 2_048 },
    timeLimitSeconds: TIME_LIMIT_SECONDS,
  });
} else {
  const steps = spawn(process.execPath, args, {
    ...{ cwd: projectDirectory, env: environment, stdio: 'inherit' },
    ...{ timeout: TIME_LIMIT_SECONDS * 1_000, killSignal: 'SIGKILL' },
  });
  const [code] = (await once(steps, 'exit')) as [number | null];
  process.exitCode = code ?? 1;
}
