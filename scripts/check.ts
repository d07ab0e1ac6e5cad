/** What must hold before each commit: the static checks and the unit tests with their coverage. */
import { runChecks } from './run-node.ts';
import { STATIC_CHECKS } from './static-checks.ts';

const UNIT_TESTS = {
  name: 'unit tests',
  args: ['node_modules/vitest/vitest.mjs', 'run', '--coverage'],
};

// Beside each other: half of the static checks' time is one thread of the linter.
const lanes = await Promise.all([runChecks(STATIC_CHECKS), runChecks([UNIT_TESTS])]);
const passed = lanes.reduce((sum, count) => sum + count, 0);
const failed = STATIC_CHECKS.length + 1 - passed;
process.stdout.write(`${String(passed)} passed, ${String(failed)} failed\n`);
process.exitCode = failed === 0 ? 0 : 1;
