// Results for a person: one line for each subject and metric.

import type { CaseResult, Contest } from './contest.ts';

/** Of what has not happened in the time that it was waited for. */
const NEVER = 'never';

const HEADINGS = ['case', 'subject', 'metric', 'median', 'min', 'max', 'runs', 'ratio', 'aim'];

/** `ratio`: median against that of the case's first subject. */
export function formatTable(contest: Contest, results: readonly CaseResult[]): string {
  const rows = results.map((result) => {
    const first = results.find(({ metric }) => metric === result.metric) ?? result;
    return [
      ...[result.case, result.subject, result.metric],
      Number.isFinite(result.median) ? `${decimal(result.median, 1)} ${result.unit}` : NEVER,
      ...[decimal(result.min, 1), decimal(result.max, 1), String(result.runs)],
      decimal(result.median / first.median, 2),
      verdict(contest, result),
    ];
  });
  const table = [HEADINGS, ...rows];
  const widths = HEADINGS.map((_, column) =>
    Math.max(...table.map((row) => row[column]?.length ?? 0)),
  );
  const isText = (column: number): boolean => column < 3 || column === HEADINGS.length - 1;
  return table
    .map((row) =>
      row
        .map((cell, column) =>
          isText(column) ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0),
        )
        .join('  ')
        .trimEnd(),
    )
    .map((line) => `${line}\n`)
    .join('');
}

/** Nothing for a ratio that is none. */
function decimal(value: number, digits: number): string {
  if (Number.isNaN(value)) return '';
  return Number.isFinite(value) ? value.toFixed(digits) : NEVER;
}

function verdict(contest: Contest, result: CaseResult): string {
  const { aims = [] } = contest.metrics[result.metric] ?? {};
  const aim = aims.find(({ subject }) => subject === result.subject);
  if (aim === undefined) return '';
  return `< ${aim.below}: ${result.median < aim.below ? 'held' : 'MISSED'}`;
}
