/** Conditions as text: a table of objects, and all that one object has. */
import { formatDuration } from '../../lib/format.ts';
import { formatTable } from '../../lib/format-table.ts';
import type { Condition, ObjectStatus } from './condition.ts';
import type { ConditionType } from './condition-reasons.ts';

const COLUMNS: readonly ConditionType[] = ['Accepted', 'Programmed', 'Established', 'Healthy'];

/** One line an object under a line of titles; `-` where its kind has no such condition. */
export function formatConditionTable(objects: readonly ObjectStatus[]): string {
  const titles = ['KIND', 'NAME', 'GENERATION', ...COLUMNS.map((type) => type.toUpperCase())];
  const rows = objects.map(({ kind, namespace, name, generation, conditions }) => [
    kind,
    `${namespace}/${name}`,
    String(generation),
    ...COLUMNS.map((type) => cell(conditions.find((condition) => condition.type === type))),
  ]);
  return formatTable([titles, ...rows])
    .map((line) => `${line}\n`)
    .join('');
}

/** What is not as it should be says why. */
function cell(condition: Condition | undefined): string {
  if (condition === undefined) return '-';
  return condition.status === 'True' ? 'True' : `${condition.status} (${condition.reason})`;
}

/** One line a condition; `now`: RFC 3339. */
export function formatConditions(conditions: readonly Condition[], now: string): string {
  const width = Math.max(11, ...conditions.map(({ type }) => type.length));
  const lines = conditions.map(({ type, status, reason, message, ...condition }) => {
    const age = formatDuration((Date.parse(now) - Date.parse(condition.lastTransitionTime)) / 1000);
    return `  ${type.padEnd(width)} ${status.padEnd(7)} ${reason}, generation ${condition.observedGeneration}, for ${age}: ${message}\n`;
  });
  return `conditions\n${lines.join('')}`;
}
