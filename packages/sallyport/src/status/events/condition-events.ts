/** What happened to conditions of declared objects. */
import { formatObjectRef } from '../../lib/problem.ts';
import type { Condition } from '../conditions/condition.ts';
import type { HostReport } from '../host-report.ts';
import type { Happening } from './event.ts';

/** Of conditions, only what no other event tells: all others follow from plan, daemon and tunnels. */
export function conditionEvents(before: HostReport | undefined, after: HostReport): Happening[] {
  const was = new Map((before?.objects ?? []).map((status) => [formatObjectRef(status), status]));
  return after.objects.flatMap((status) => {
    const { kind, namespace, name, conditions } = status;
    const known = was.get(formatObjectRef(status))?.conditions ?? [];
    return conditions.flatMap((condition) => {
      const last = known.find(({ type }) => type === condition.type);
      if (last?.reason === condition.reason || !(isTold(last) || isTold(condition))) return [];
      return {
        reason: 'ConditionChanged' as const,
        object: { kind, namespace, name },
        before: last && `${last.type} ${last.reason}`,
        after: `${condition.type} ${condition.reason}`,
        cause: { code: condition.reason, message: condition.message },
      };
    });
  });
}

const TOLD: ReadonlySet<string> = new Set(['Invalid', 'ReferenceMissing', 'OneWay']);

function isTold(condition: Condition | undefined): boolean {
  return condition !== undefined && TOLD.has(condition.reason);
}
