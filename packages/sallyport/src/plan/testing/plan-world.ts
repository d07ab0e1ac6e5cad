/** From the text of a world to the plan of one of its hosts. */
import type { Problem } from '../../lib/problem.ts';
import type { Facts } from '../../model/facts.ts';
import { judge } from '../../model/testing.ts';
import type { HostPlan } from '../host-plan.ts';
import { planHost } from '../plan-host.ts';
import type { World } from './worlds.ts';

export const HOST = 'gw1';

export interface PlannedWorld {
  readonly plan: HostPlan;
  /** Of validation and of planning. */
  readonly problems: readonly Problem[];
}

export function planWorld(
  { text, host = HOST, dataPlanes = ['xfrm-interface'], secrets = [] }: World,
  underlayMtuBytes = 1500,
): PlannedWorld {
  const facts: Facts = { hosts: [{ host, dataPlanes, underlayMtuBytes }], secrets };
  const { objects, problems } = judge(text, facts);
  const planned = planHost(objects, host, facts);
  return { plan: planned.plan, problems: [...problems, ...planned.problems] };
}
