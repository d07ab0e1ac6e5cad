/** Routes and rules: wanted ones first, then what is left over. */
import { once } from '../../lib/once.ts';
import { formatRoute } from '../../plan/describe.ts';
import { OWNER, type RoutePlan, type RulePlan } from '../../plan/host-plan.ts';
import type { Impact } from '../driver.ts';
import { toChange } from './change.ts';
import { formatObservedRoute, formatRule, isRoute } from './render.ts';
import type { KernelChange, ObservedRoute } from './state.ts';

export interface AddAndRemove {
  readonly add: readonly KernelChange[];
  readonly remove: readonly KernelChange[];
}

export function diffRoutes(
  observed: readonly ObservedRoute[],
  desired: readonly RoutePlan[],
): AddAndRemove {
  const key = (route: RoutePlan | ObservedRoute): string => once(keys, route, keyOf);
  // `route replace` replaces the route of the same metric; one of another metric stands beside it.
  const present = new Map(
    observed.filter(({ metric }) => metric === undefined).map((route) => [key(route), route]),
  );
  const wanted = new Set(desired.map(key));
  const isReplaced = (route: ObservedRoute): boolean =>
    wanted.has(key(route)) && present.get(key(route)) === route;
  return {
    add: desired.flatMap((route) => {
      const before = present.get(key(route));
      return before !== undefined && isRoute(before, route) ? [] : routeAddition(route, before);
    }),
    remove: observed.filter((route) => !isReplaced(route)).map(routeRemoval),
  };
}

// There may be ten thousand, the same in every round.
const keys = new WeakMap<RoutePlan | ObservedRoute, string>();

function keyOf({ table, prefix }: RoutePlan | ObservedRoute): string {
  return `${table} ${prefix}`;
}

function routeAddition(route: RoutePlan, before: ObservedRoute | undefined): KernelChange {
  const text = { subject: `route ${formatRoute(route)}` } as const;
  const step = { type: 'route-replace', route } as const;
  if (before === undefined) return toChange(step, { ...text, action: 'add' });
  const shape = [formatObservedRoute(before), before.other].filter((part) => part !== undefined);
  return toChange(step, { ...text, action: 'replace', detail: `was ${shape.join(' ')}` });
}

function routeRemoval(route: ObservedRoute): KernelChange {
  return toChange(
    { type: 'route-delete', route },
    {
      action: 'remove',
      subject: `route ${formatObservedRoute(route)}`,
      impact: route.type === 'unicast' ? 'cut' : 'nothing',
    },
  );
}

export function diffRules(
  observed: readonly RulePlan[],
  desired: readonly RulePlan[],
): AddAndRemove {
  const subject = (rule: RulePlan): string => `rule IPv${rule.family} ${formatRule(rule)}`;
  const surplus = [...observed];
  const add = desired.flatMap((rule) => {
    const index = surplus.findIndex((candidate) => subject(candidate) === subject(rule));
    if (index >= 0) {
      surplus.splice(index, 1);
      return [];
    }
    return [toChange({ type: 'rule-add', rule }, { action: 'add', subject: subject(rule) })];
  });
  const remove = surplus.map((rule) =>
    toChange(
      { type: 'rule-delete', rule },
      { action: 'remove', subject: subject(rule), impact: removalImpact(rule, desired) },
    ),
  );
  return { add, remove };
}

const TABLES_OF_WAYS: readonly number[] = [OWNER.tunnelTable, OWNER.learnedTable];

/** Without the rules of the tunnels nothing finds its way into them; a second copy is not missed. */
function removalImpact(rule: RulePlan, desired: readonly RulePlan[]): Impact {
  const isMissed =
    TABLES_OF_WAYS.includes(rule.table) &&
    !desired.some(({ family, table }) => family === rule.family && table === rule.table);
  return isMissed ? 'cut' : 'nothing';
}
