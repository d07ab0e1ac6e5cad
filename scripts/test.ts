/** Everything; ends with `N passed, N failed` and fails where anything did. */
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { runChecks, runNode } from './run-node.ts';
import { STATIC_CHECKS } from './static-checks.ts';

const RESULTS = '.cache/results';
const total = { passed: 0, failed: 0 };

async function run(
  label: string,
  args: readonly string[],
): Promise<{ code: number; output: string }> {
  process.stdout.write(`== ${label}\n`);
  const { code, output, errors, seconds } = await runNode(args);
  process.stdout.write(`${output}${errors}== ${label}: ${seconds.toFixed(0)} s\n`);
  return { code, output };
}

/** A step that ends with `N passed, N failed`; failing without a count is one failure. */
async function counted(label: string, args: readonly string[]): Promise<void> {
  const { code, output } = await run(label, args);
  const counts = /(\d+) passed, (\d+) failed(?:, \d+ skipped)?\s*$/.exec(output);
  const failed = Number(counts?.[2] ?? 0);
  total.passed += Number(counts?.[1] ?? 0);
  total.failed += code !== 0 && failed === 0 ? 1 : failed;
}

async function staticChecks(): Promise<void> {
  const holding = await runChecks(STATIC_CHECKS);
  total.passed += holding;
  total.failed += STATIC_CHECKS.length - holding;
}

async function unitTests(): Promise<void> {
  const report = `${RESULTS}/unit.json`;
  const { code } = await run('unit tests', [
    'node_modules/vitest/vitest.mjs',
    'run',
    '--coverage',
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${report}`,
  ]);
  const { numPassedTests, numFailedTests, numFailedTestSuites } = JSON.parse(
    readFileSync(report, 'utf8'),
  ) as Record<'numPassedTests' | 'numFailedTests' | 'numFailedTestSuites', number>;
  const failed = Math.max(numFailedTests, numFailedTestSuites);
  total.passed += numPassedTests;
  // Coverage below its threshold fails the run although each test has passed.
  total.failed += code !== 0 && failed === 0 ? 1 : failed;
}

rmSync(RESULTS, { recursive: true, force: true });
mkdirSync(RESULTS, { recursive: true });
await Promise.all([staticChecks(), unitTests()]);
await counted('install', ['scripts/test-install.ts']);
await counted('demo', ['lab/demo.ts']);
await counted('lab', ['lab/run.ts']);
process.stdout.write(`${total.passed} passed, ${total.failed} failed\n`);
process.exitCode = total.failed === 0 && total.passed > 0 ? 0 : 1;
