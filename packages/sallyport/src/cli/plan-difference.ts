/** What a change of declarations means: field by field with its class, then host by host in the plans. */
import { diffObjects, type FieldChange, formatFieldChange } from '../model/object-diff.ts';
import type { DeclaredObject } from '../model/objects.ts';
import { diffPlans, formatPlanChange, type PlanChange } from '../plan/diff-plans.ts';
import type { HostPlan } from '../plan/host-plan.ts';
import type { PlannedSite } from './planned-site.ts';

export interface PlanDifference {
  readonly asked: readonly (FieldChange & { readonly line: string })[];
  /** Hosts whose plans differ. */
  readonly hosts: readonly {
    readonly host: string;
    readonly changes: readonly (PlanChange & { readonly line: string })[];
  }[];
}

export function comparePlans(before: PlannedSite, after: PlannedSite): PlanDifference {
  const names = [...before.plans, ...after.plans].map(({ host }) => host);
  return {
    asked: diffObjects(objectsOf(before), objectsOf(after)).map((change) => ({
      ...change,
      line: formatFieldChange(change),
    })),
    hosts: [...new Set(names)].sort().flatMap((host) => {
      const changes = diffPlans(planOf(before, host), planOf(after, host));
      if (changes.length === 0) return [];
      return [
        { host, changes: changes.map((change) => ({ ...change, line: formatPlanChange(change) })) },
      ];
    }),
  };
}

export function isEmpty({ asked, hosts }: PlanDifference): boolean {
  return asked.length + hosts.length === 0;
}

export function formatPlanDifference(difference: PlanDifference): string {
  if (isEmpty(difference)) return 'nothing differs\n';
  const lines = [
    ...difference.asked.map(({ line }) => line),
    ...difference.hosts.flatMap(({ host, changes }) => [
      `host ${host}:`,
      ...changes.map(({ line }) => `  ${line}`),
    ]),
  ];
  return `${lines.join('\n')}\n`;
}

/** A host that is not declared carries nothing. */
function planOf({ plans }: PlannedSite, host: string): HostPlan | undefined {
  return plans.find((plan) => plan.host === host);
}

function objectsOf({ parsed }: PlannedSite): DeclaredObject[] {
  return parsed.map(({ object }) => object);
}
