/** What differs between keepalived and a plan: pure, in the order of the plan. */
import type { VrrpPlan } from '../../plan/vrrp-plan.ts';
import type { Impact } from '../driver.ts';
import { GUARD_TABLE, renderGuard } from './guard.ts';
import {
  addressesOf,
  type KeepalivedChange,
  type KeepalivedDesired,
  type ObservedKeepalived,
  type ObservedRouter,
} from './state.ts';

/** `config`: the rendered configuration of `desired`. */
export function diffKeepalived(
  { memory, routers, guard }: ObservedKeepalived,
  desired: KeepalivedDesired,
  config: string,
): KeepalivedChange[] {
  const change = (
    action: KeepalivedChange['action'],
    subject: string,
    impact: Impact,
    detail?: string,
  ): KeepalivedChange => ({
    ...{ driver: 'keepalived', action, subject, impact, desired },
    ...(detail === undefined ? {} : { detail }),
  });
  const told = new Map(memory.routers.map((router) => [router.name, router]));
  const wanted = new Set(desired.map(({ name }) => name));
  const changes = desired.flatMap((router) => {
    const before = told.get(router.name);
    if (before === undefined) return [change('add', subjectOf(router), 'nothing')];
    const differing = [
      ...fieldsOf(router).filter((field) => !isSame(before[field], router[field])),
      ...(routers === undefined ? [] : unlike(router, routers)),
    ];
    const isCut = differing.some((field) => field in CUTTING);
    return differing.length === 0
      ? []
      : [
          change(
            'replace',
            subjectOf(router),
            isCut ? 'cut' : 'nothing',
            [...new Set(differing)].join(', '),
          ),
        ];
  });
  for (const router of memory.routers) {
    if (!wanted.has(router.name)) changes.push(change('remove', subjectOf(router), 'cut'));
  }
  if (desired.length === 0) {
    if (routers !== undefined && changes.length === 0)
      changes.push(change('remove', 'keepalived', 'cut'));
    if (guard !== undefined) changes.push(change('remove', `table ${GUARD_TABLE}`, 'nothing'));
    return changes;
  }
  if (!isSame(guard?.marks, renderGuard(desired).marks))
    changes.push(
      change(guard === undefined ? 'add' : 'replace', `table ${GUARD_TABLE}`, 'nothing'),
    );
  if (changes.length > 0) return changes;
  if (routers === undefined) return [change('add', 'keepalived', 'nothing', 'it does not run')];
  // The same virtual routers, told in another way, or not seen to be taken.
  return memory.config === config ? [] : [change('replace', 'keepalived.conf', 'nothing')];
}

/** These make keepalived drop the addresses, or hold others. */
const CUTTING = { interface: true, virtualRouterId: true, virtualAddresses: true } as const;

/** `tunnels` is nothing that keepalived knows of. */
function fieldsOf(router: VrrpPlan): (keyof VrrpPlan)[] {
  return (Object.keys(router) as (keyof VrrpPlan)[]).filter((field) => field !== 'tunnels');
}

/** In which fields keepalived has something else than it should, as far as it tells. */
function unlike(router: VrrpPlan, routers: readonly ObservedRouter[]): (keyof VrrpPlan)[] {
  const found = routers.find(({ name }) => name === router.name);
  if (found === undefined) return ['name'];
  const fields = ['interface', 'virtualRouterId', 'advertisementMilliseconds'] as const;
  return [
    ...fields.filter((field) => found[field] !== router[field]),
    ...(isSame(found.addresses, addressesOf(router)) ? [] : (['virtualAddresses'] as const)),
  ];
}

function isSame(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

/** `virtual router sp-default-left-v4 (id 51 on eth0: 10.0.0.254/24)`. */
function subjectOf(router: VrrpPlan): string {
  const addresses = router.virtualAddresses.join(' ');
  return `virtual router ${router.name}, id ${router.virtualRouterId} on ${router.interface}: ${addresses}`;
}
