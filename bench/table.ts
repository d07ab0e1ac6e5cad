// Results for a person: one line for each subject and metric.

import type { CaseResult, Contest } from './contest.ts';

const HEADINGS = ['case', 'subject', 'metric', 'median', 'min', 'max', 'runs', 'ratio', 'aim'];

/** `ratio`: median against that of the case's first subject. */
export function formatTable(contest: Contest, results: readonly CaseResult[]): string {
  const rows = results.map((result) => {
    const first = results.find(({ metric }) => metric === result.metric) ?? result;
    return [
      ...[result.case, result.subject, result.metric],
      `${result.median.toFixed(1)} ${result.unit}`,
      ...[result.min.toFixed(1), result.max.toFixed(1), String(result.runs)],
      (result.median / first.median).toFixed(2),
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

function verdict(contest: Contest, result: CaseResult): string {
  const aim = contest.metrics[result.metric]?.aim;
  if (aim?.subject !== result.subject) return '';
  return `< ${aim.below}: ${result.median < aim.below ? 'held' : 'MISSED'}`;
}
