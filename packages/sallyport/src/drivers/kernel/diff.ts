/**
 * From what is there to what is wanted. Order: what lets packets through last, what stops them first:
 * sysctls, interfaces, firewall, routes, rules; then the removals the other way round.
 */
import { canonicalDesired } from './canonical.ts';
import { toChange } from './change.ts';
import { diffInterfaces, obstaclesOf } from './diff-interfaces.ts';
import { diffRoutes, diffRules } from './diff-routes.ts';
import { expectedFirewall, renderFirewall } from './firewall.ts';
import type { KernelChange, KernelDesired, ObservedKernel } from './state.ts';

export function diffKernel(observed: ObservedKernel, plan: KernelDesired): KernelChange[] {
  const desired = canonicalDesired(plan);
  const interfaces = diffInterfaces(observed, desired);
  const reachable = withoutRefused(desired, obstaclesOf(observed, desired));
  const isLost = (name: string | undefined): boolean =>
    name !== undefined && interfaces.renewed.has(name);
  // Routes go with their interface: those through one that is made anew are to be made again.
  const routes = diffRoutes(
    observed.routes.filter((route) => !isLost(route.interface)),
    reachable.routes,
  );
  const rules = diffRules(observed.rules, desired.rules);
  const sysctls = diffSysctls(observed, reachable, isLost);
  const firewall = diffFirewall(observed, reachable);
  const isWanted = firewall?.action !== 'remove';
  return [
    ...sysctls.filter(({ owner }) => owner === undefined).map(({ change }) => change),
    ...interfaces.add,
    ...sysctls.filter(({ owner }) => owner !== undefined).map(({ change }) => change),
    ...(firewall !== undefined && isWanted ? [firewall] : []),
    ...routes.add,
    ...rules.add,
    ...rules.remove,
    ...routes.remove,
    ...interfaces.remove,
    ...(firewall !== undefined && !isWanted ? [firewall] : []),
  ];
}

/**
 * What may be done of a plan while an interface cannot be made: a route into somebody else's of that
 * name, or a firewall that trusts it, would send packets out in clear.
 */
function withoutRefused(
  desired: KernelDesired,
  obstacles: ReadonlyMap<string, string>,
): KernelDesired {
  if (obstacles.size === 0) return desired;
  const isFree = (name: string | undefined): boolean => name === undefined || !obstacles.has(name);
  return {
    ...desired,
    interfaces: desired.interfaces.filter(({ name }) => isFree(name)),
    routes: desired.routes.filter((route) => isFree(route.interface)),
    sysctls: desired.sysctls.filter(({ key }) => isFree(interfaceOf(key))),
  };
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
