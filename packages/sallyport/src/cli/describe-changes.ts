/** What `apply` and `delete` will do, and what it means for traffic, before they do it. */
import { type Change, formatChange, type Impact } from '../drivers/driver.ts';
import { type FieldChange, formatFieldChange } from '../model/object-diff.ts';

const IMPACTS: Readonly<Record<Impact, string>> = {
  nothing: '',
  roll: ' [rolled: the new SA comes up beside the old one]',
  cut: ' [interrupts traffic]',
};

/** `asked`: fields of the declarations; `changes`: steps in daemon and kernel; `canHoldPackets` as in facts. */
export function describeChanges(
  host: string,
  asked: readonly FieldChange[],
  changes: readonly Change[],
  canHoldPackets: boolean,
): string {
  const lines = asked.map(formatFieldChange);
  lines.push(`host ${host}: ${summary(changes, canHoldPackets)}`);
  for (const change of changes) lines.push(`  ${formatChange(change)}${IMPACTS[change.impact]}`);
  return `${lines.join('\n')}\n`;
}

function summary(changes: readonly Change[], canHoldPackets: boolean): string {
  if (changes.length === 0) return 'nothing to change';
  const count = changes.length === 1 ? '1 change' : `${changes.length} changes`;
  const cuts = changes.filter(({ impact }) => impact === 'cut').length;
  const rolls = changes.filter(({ impact }) => impact === 'roll').length;
  const loss = canHoldPackets
    ? 'without loss'
    : 'and may lose the packets of a millisecond: this kernel has no ifb to hold them';
  const effects = [
    ...(cuts === 0 ? [] : [`${cuts} of them ${cuts === 1 ? 'interrupts' : 'interrupt'} traffic`]),
    ...(rolls === 0
      ? []
      : [`${rolls} of them ${rolls === 1 ? 'replaces' : 'replace'} a tunnel ${loss}`]),
  ];
  return `${count}; ${effects.length === 0 ? 'no tunnel loses traffic' : effects.join(', ')}`;
}
