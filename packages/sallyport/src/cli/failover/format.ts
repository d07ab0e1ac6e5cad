/** A drill as text: a row for each target, for the time out and the way back. */
import { formatTable } from '../../lib/format-table.ts';
import { printable } from '../../lib/printable.ts';
import type { OutageReport } from '../../status/outage.ts';
import type { DrillAnswer, TargetFigures } from './drill-run.ts';

export function formatDrill({ host, takenOut, seconds, targets, restored }: DrillAnswer): string {
  const rows = [
    ['target', 'phase', 'carried by', 'sent', 'lost', 'longest gap', 'answers again after'],
    ...targets.flatMap(rowsOf),
  ];
  const lines = [
    `drill on host ${host}: ${takenOut.join(', ')} out for ${seconds} s, ${restored ? 'and back as before' : 'and NOT back as before; see sallyport status'}`,
    ...formatTable(rows),
  ];
  return `${lines.map(printable).join('\n')}\n`;
}

function rowsOf({ target, before, instead, stayed, out, back }: TargetFigures): string[][] {
  return [
    [target, 'out', stayed ? `${instead}, which was NOT taken out` : instead, ...figures(out)],
    [target, 'back', before, ...figures(back)],
  ];
}

function figures({ sent, lost, gapMilliseconds, resumedMilliseconds }: OutageReport): string[] {
  return [
    ...[String(sent), String(lost), milliseconds(gapMilliseconds)],
    resumedMilliseconds === null ? 'never' : lost === 0 ? '-' : milliseconds(resumedMilliseconds),
  ];
}

function milliseconds(value: number): string {
  return `${Math.round(value)} ms`;
}
