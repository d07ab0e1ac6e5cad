/** Everything, in turn; ends with `N passed, N failed` and fails where anything did. */
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { runCheck, runNode } from './run-node.ts';
import { STATIC_CHECKS } from './static-checks.ts';

const RESULTS = '.cache/results';
const total = { passed: 0, failed: 0 };

function run(label: string, args: readonly string[]): { code: number; output: string } {
  process.stdout.write(`== ${label}\n`);
  const { code, output, errors, seconds } = runNode(args);
  process.stdout.write(`${output}${errors}== ${label}: ${seconds.toFixed(0)} s\n`);
  return { code, output };
}

/** A step that ends with `N passed, N failed`; failing without a count is one failure. */
function counted(label: string, args: readonly string[]): void {
  const { code, output } = run(label, args);
  const counts = /(\d+) passed, (\d+) failed(?:, \d+ skipped)?\s*$/.exec(output);
  const failed = Number(counts?.[2] ?? 0);
  total.passed += Number(counts?.[1] ?? 0);
  total.failed += code !== 0 && failed === 0 ? 1 : failed;
}

function unitTests(): void {
  const report = `${RESULTS}/unit.json`;
  const { code } = run('unit tests', [
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
for (const check of STATIC_CHECKS) {
  if (runCheck(check)) total.passed += 1;
  else total.failed += 1;
}
unitTests();
counted('install', ['scripts/test-install.ts']);
counted('lab', ['lab/run.ts']);
counted('demo', ['lab/demo.ts']);
process.stdout.write(`${total.passed} passed, ${total.failed} failed\n`);
process.exitCode = total.failed === 0 && total.passed > 0 ? 0 : 1;
