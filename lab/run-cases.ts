// Runs case files one after the other in this process and writes down how many passed: called by
// run.ts inside the namespaces or the guest, with the result file and the case files.

import { writeFile } from 'node:fs/promises';
import { run } from 'node:test';
import { spec } from 'node:test/reporters';
import type { CaseCounts } from './results.ts';

const [resultFile, ...files] = process.argv.slice(2);
if (resultFile === undefined) throw new Error('usage: run-cases.ts RESULT_FILE CASE_FILE...');

const counts = { passed: 0, failed: 0, skipped: 0 };
// One process: a program start is slow in a guest, and the cases are not made to run side by side.
const events = run({ files, isolation: 'none', concurrency: false });
events.on('test:pass', ({ skip, details }) => {
  if (details.type === 'suite') return;
  if (skip === undefined || skip === false) counts.passed += 1;
  else counts.skipped += 1;
});
// A suite whose hook failed counts: its tests may not have run at all.
events.on('test:fail', () => (counts.failed += 1));
events.compose(new spec()).pipe(process.stdout);
events.once('end', () => {
  const result: CaseCounts = counts;
  void writeFile(String(resultFile), `${JSON.stringify(result)}\n`).finally(() => {
    // What a failed case left running must not keep the pass from ending.
    process.stdout.write('', () => process.exit(counts.failed === 0 && counts.passed > 0 ? 0 : 1));
  });
});
