/** Conditions of the objects that are stored, which the host that reports may not run yet, or not need. */
import { formatObjectRef } from '../../lib/problem.ts';
import type { HostReport } from '../host-report.ts';
import { type ObjectGeneration, type ObjectStatus, toCondition } from './condition.ts';
import { judgeObjects } from './judge.ts';
import { judgeAccepted } from './judge-accepted.ts';
import { judgeProgrammed } from './judge-programmed.ts';

/** In the order of `objects`, which have passed validation. */
export function storedStatus(
  objects: readonly ObjectGeneration[],
  report: HostReport,
): ObjectStatus[] {
  const judged = new Map(report.objects.map((status) => [formatObjectRef(status), status]));
  return objects.map((object) => {
    const status = judged.get(formatObjectRef(object));
    if (status === undefined) return unused(object, report);
    return status.generation === object.generation ? status : pending(object, status, report);
  });
}

function unused(object: ObjectGeneration, { observedAt: now }: HostReport): ObjectStatus {
  const input = { objects: [object], hosts: [], problems: [], previous: [], now };
  const [status] = judgeObjects(input);
  return status ?? { ...object, conditions: [] };
}

/** What is told of SAs is told of the generation that runs. */
function pending(
  object: ObjectGeneration,
  { generation, conditions }: ObjectStatus,
  report: HostReport,
): ObjectStatus {
  const { host, observedAt } = report;
  const share = {
    host,
    generation,
    isCurrent: true,
    report,
    tunnels: [],
    names: [],
    differences: [],
    problems: [],
  };
  const renewed = [judgeAccepted(object, []), judgeProgrammed(object, [share])].map((verdict) => {
    const before = conditions.find(({ type }) => type === verdict.type);
    return toCondition(verdict, object.generation, before, observedAt);
  });
  const rest = conditions.filter(({ type }) => renewed.every((other) => other.type !== type));
  const { kind, namespace, name } = object;
  return {
    kind,
    namespace,
    name,
    generation: object.generation,
    conditions: [...renewed, ...rest],
  };
}
