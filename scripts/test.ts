/** Everything, in turn; ends with `N passed, N failed` and fails where anything did. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync } from 'node:fs';

const RESULTS = '.cache/results';
const total = { passed: 0, failed: 0 };

function run(label: string, args: readonly string[]): { code: number; output: string } {
  process.stdout.write(`== ${label}\n`);
  const result = spawnSync(process.execPath, args, { encoding: 'utf8', maxBuffer: 1 << 28 });
  process.stdout.write(result.stdout);
  process.stderr.write(result.stderr);
  return { code: result.status ?? 1, output: result.stdout };
}

/** A step without a count of its own passes or fails as a whole. */
function step(label: string, args: readonly string[]): void {
  const { code } = run(label, args);
  if (code === 0) total.passed += 1;
  else total.failed += 1;
}

/** A step that ends with `N passed, N failed`; failing without a count is one failure. */
function counted(label: string, args: readonly string[]): void {
  const { code, output } = run(label, args);
  const counts = /(\d+) passed, (\d+) failed(?:, \d+ skipped)?\s*$/.exec(output);
  const failed = Number(counts?.[2] ?? 0);
  total.passed += Number(counts?.[1] ?? 0);
  total.failed += code !== 0 && failed === 0 ? 1 : failed;
}

rmSync(RESULTS, { recursive: true, force: true });
mkdirSync(RESULTS, { recursive: true });
step('format', ['node_modules/@biomejs/biome/bin/biome', 'ci', '--reporter=summary', '.']);
step('types', ['node_modules/typescript/bin/tsc', '-b']);
step('schemas', ['scripts/generate-schemas.ts', '--check']);

const report = `${RESULTS}/unit.json`;
run('unit tests', [
  'node_modules/vitest/vitest.mjs',
  'run',
  '--reporter=default',
  '--reporter=json',
  `--outputFile.json=${report}`,
]);
const unit = JSON.parse(readFileSync(report, 'utf8')) as {
  numPassedTests: number;
  numFailedTests: number;
  numFailedTestSuites: number;
};
total.passed += unit.numPassedTests;
total.failed += Math.max(unit.numFailedTests, unit.numFailedTestSuites);

counted('lab', ['lab/run.ts', 'lab/cases']);
counted('demo', ['lab/demo.ts']);
process.stdout.write(`${total.passed} passed, ${total.failed} failed\n`);
process.exitCode = total.failed === 0 && total.passed > 0 ? 0 : 1;
