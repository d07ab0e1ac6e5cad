/**
 * From what is there to what is wanted. Order: what lets packets through last, what stops them first:
 * sysctls, interfaces, firewall, next hops, routes, rules; then the removals the other way round.
 */
import { rememberingLast } from '../../lib/remembering.ts';
import { type RoutePlan, type RulePlan, USERSPACE_DEVICE } from '../../plan/host-plan.ts';
import type { NodePlan } from '../../plan/node-plan.ts';
import { canonicalDesired } from './canonical.ts';
import { toChange } from './change.ts';
import { diffEngineDevice, diffInterfaces, obstaclesOf } from './diff-interfaces.ts';
import { diffNexthops } from './diff-nexthops.ts';
import { diffRoutes, diffRules } from './diff-routes.ts';
import { expectedFirewall, renderFirewall } from './firewall.ts';
import { deviceOf, membersOf, NO_NODE, nodeState } from './node-state.ts';
import type { KernelChange, KernelDesired, ObservedKernel } from './state.ts';

export function diffKernel(observed: ObservedKernel, plan: KernelDesired): KernelChange[] {
  const desired = canonicalDesired(plan);
  const interfaces = diffInterfaces(observed, desired);
  const reachable = withoutMissing(desired, [
    ...obstaclesOf(observed, desired).keys(),
    ...(desired.engine.userspace && observed.engineDevice === undefined ? [USERSPACE_DEVICE] : []),
  ]);
  const isLost = (name: string | undefined): boolean =>
    name !== undefined && interfaces.renewed.has(name);
  const left = interfaces.renewed.size === 0 ? observed : withoutLost(observed, isLost);
  const node = reachable.node === undefined ? NO_NODE : nodeState(reachable.node, observed);
  const nexthops = diffNexthops(left, node);
  const routes = diffSameRoutes(left.routes, joined(reachable.routes, node.routes));
  const rules = diffRules(observed.rules, withNodeRules(desired.rules, node.rules));
  const sysctls = diffSysctls(observed, reachable, isLost);
  const firewall = diffFirewall(observed, reachable);
  const isWanted = firewall?.action !== 'remove';
  return [
    ...sysctls.filter(({ owner }) => owner === undefined).map(({ change }) => change),
    ...interfaces.add,
    ...diffEngineDevice(observed, desired),
    ...sysctls.filter(({ owner }) => owner !== undefined).map(({ change }) => change),
    ...(firewall !== undefined && isWanted ? [firewall] : []),
    ...nexthops.add,
    ...routes.add,
    ...rules.add,
    ...rules.remove,
    ...routes.remove,
    ...nexthops.remove,
    ...interfaces.remove,
    ...(firewall !== undefined && !isWanted ? [firewall] : []),
  ];
}

// There may be ten thousand, and in most rounds both sides are what they were.
const diffSameRoutes = rememberingLast(diffRoutes);
const joined = rememberingLast((own: readonly RoutePlan[], more: readonly RoutePlan[]) => [
  ...own,
  ...more,
]);

/**
 * What may be done of a plan while interfaces are missing. Where one cannot be made, a route into somebody else's
 * of that name, or a firewall that trusts it, would send packets out in clear.
 */
function withoutMissing(desired: KernelDesired, missing: readonly string[]): KernelDesired {
  if (missing.length === 0) return desired;
  const isFree = (name: string | undefined): boolean =>
    name === undefined || !missing.includes(name);
  return {
    ...desired,
    interfaces: desired.interfaces.filter(({ name }) => isFree(name)),
    routes: desired.routes.filter((route) => isFree(route.interface)),
    sysctls: desired.sysctls.filter(({ key }) => isFree(interfaceOf(key))),
    ...(desired.node === undefined || isFree(desired.node.encapsulation?.interface)
      ? {}
      : { node: withoutHops(desired.node) }),
  };
}

/** Only the unreachable routes are left. */
function withoutHops(node: NodePlan): NodePlan {
  return { ways: node.ways.map((way) => ({ ...way, hops: [] })), sources: [] };
}

/** The kernel takes with an interface what leads through it, and with a nexthop object what goes by it. */
function withoutLost(
  observed: ObservedKernel,
  isLost: (name: string | undefined) => boolean,
): ObservedKernel {
  const isLeft = (text: string): boolean => !isLost(deviceOf(text));
  const nexthops = new Map([...observed.nexthops].filter(([, text]) => isLeft(text)));
  for (const [id, text] of nexthops)
    if (!membersOf(text).every((member) => nexthops.has(member))) nexthops.delete(id);
  return {
    ...observed,
    nexthops,
    neighbors: new Map([...observed.neighbors].filter(([key]) => isLeft(key))),
    routes: observed.routes.filter(
      (route) =>
        !isLost(route.interface) && (route.nexthop === undefined || nexthops.has(route.nexthop)),
    ),
  };
}

/** A plan has its own rules for its own routes. */
function withNodeRules(rules: readonly RulePlan[], more: readonly RulePlan[]): RulePlan[] {
  return [
    ...rules,
    ...more.filter(
      (rule) => !rules.some(({ family, table }) => family === rule.family && table === rule.table),
    ),
  ];
}

/** The interface that a key is about; undefined for keys of the whole host. */
export function interfaceOf(key: string): string | undefined {
  const name = /^net\/ipv[46]\/conf\/([^/]+)\//.exec(key)?.[1];
  return name === 'all' || name === 'default' ? undefined : name;
}

function diffSysctls(
  observed: ObservedKernel,
  desired: KernelDesired,
  isLost: (name: string | undefined) => boolean,
): { change: KernelChange; owner: string | undefined }[] {
  return desired.sysctls.flatMap((sysctl) => {
    const owner = interfaceOf(sysctl.key);
    // A new interface starts with the defaults, whatever an old one of that name had.
    const before = isLost(owner) ? undefined : observed.sysctls.get(sysctl.key);
    if (before === sysctl.value) return [];
    const change = toChange(
      { type: 'sysctl', sysctl },
      {
        action: 'replace',
        subject: `sysctl ${sysctl.key} = ${sysctl.value}`,
        detail: before === undefined ? undefined : `was ${before}`,
      },
    );
    return [{ change, owner }];
  });
}

function diffFirewall(observed: ObservedKernel, desired: KernelDesired): KernelChange | undefined {
  const expected = expectedFirewall(desired, observed.subnets);
  if (observed.firewall === expected) return undefined;
  const action =
    expected === undefined ? 'remove' : observed.firewall === undefined ? 'add' : 'replace';
  return toChange(
    { type: 'firewall', script: renderFirewall(desired, observed.subnets) },
    { action, subject: 'nftables table inet sallyport' },
  );
}
