// A reporter of node:test that writes how many cases passed, as one line of JSON, when all are done:
// a pass that dies half-way leaves an empty file, which is no result.

import type { TestEvent } from 'node:test/reporters';
import type { CaseCounts } from './results.ts';

export default async function* countReporter(
  events: AsyncIterable<TestEvent>,
): AsyncGenerator<string, void> {
  const counts = { passed: 0, failed: 0, skipped: 0 };
  for await (const event of events) {
    // A suite whose hook failed counts: its tests may not have run at all. One whose tests failed does
    // not: they are counted themselves.
    if (event.type === 'test:fail' && !hasFailedTests(event.data.details.error)) counts.failed += 1;
    if (event.type !== 'test:pass' || event.data.details.type === 'suite') continue;
    if (event.data.skip === undefined || event.data.skip === false) counts.passed += 1;
    else counts.skipped += 1;
  }
  const result: CaseCounts = counts;
  yield `${JSON.stringify(result)}\n`;
}

function hasFailedTests(error: Error): boolean {
  return 'failureType' in error && error.failureType === 'subtestsFailed';
}
