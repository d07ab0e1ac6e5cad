import fc from 'fast-check';
import { describe, it } from 'vitest';
import { formatStatus } from './format.ts';
import { isOff } from './host-report.ts';
import { randomReport, randomTime } from './testing/random-reports.ts';

describe('formatStatus of any report', () => {
  it('never shows a value that is not there, nor half a line', () => {
    fc.assert(
      fc.property(randomReport, randomTime, (report, now) => {
        const text = formatStatus(report, now);
        return (
          !/undefined|NaN|null|\[object|Infinity/.test(text) &&
          !/[ \t]$/m.test(text) &&
          !/ {2,}ago|, ,|; ;| ,/.test(text) &&
          text.endsWith('\n')
        );
      }),
    );
  });

  it('has a block for each tunnel, and the cause of each that is not as it shall be', () => {
    fc.assert(
      fc.property(randomReport, randomTime, (report, now) => {
        const blocks = formatStatus(report, now).split('\n\n').slice(1);
        const caused = report.tunnels.filter(
          ({ state, cause }) => cause !== undefined && !isOff(state),
        );
        return (
          blocks.length === report.tunnels.length &&
          blocks.filter((block) => /^ {2}cause {6}\S/m.test(block)).length === caused.length &&
          report.tunnels.every(({ connection, namespace }) =>
            blocks.some((block) => block.startsWith(`${namespace}/${connection} `)),
          )
        );
      }),
    );
  });
});
