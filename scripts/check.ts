/** What must hold before each commit: the static checks and the unit tests with their coverage. */
import { runCheck } from './run-node.ts';
import { STATIC_CHECKS } from './static-checks.ts';

const checks = [
  ...STATIC_CHECKS,
  {
    name: 'unit tests',
    args: ['node_modules/vitest/vitest.mjs', 'run', '--coverage'],
  },
];
const failed = checks.filter((check) => !runCheck(check)).length;
process.stdout.write(`${String(checks.length - failed)} passed, ${String(failed)} failed\n`);
process.exitCode = failed === 0 ? 0 : 1;
