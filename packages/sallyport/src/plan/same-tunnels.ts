/** What two plans of a host have in common: one edit leaves nearly all of it as it was. */
import type { HostPlan, TunnelPlan } from './host-plan.ts';

/** `after`, with the very objects of `before` where a tunnel is the same: what is known of those stays known. */
export function shareTunnels(before: HostPlan, after: HostPlan): HostPlan {
  const known = byName(before);
  const tunnels = after.tunnels.map((tunnel) => {
    const old = known.get(tunnel.name);
    return old !== undefined && isSame(old, tunnel) ? old : tunnel;
  });
  return { ...after, tunnels };
}

/** Names of the tunnels that only one of them has, or that differ. */
export function differingTunnels(before: HostPlan, after: HostPlan): ReadonlySet<string> {
  const [old, wanted] = [byName(before), byName(after)];
  const names = new Set([...old.keys(), ...wanted.keys()]);
  return new Set([...names].filter((name) => !isSame(old.get(name), wanted.get(name))));
}

/** Plain data in one order of members, as planning makes them: another order would only be taken for another value. */
export function isSame(a: unknown, b: unknown): boolean {
  return a === b || JSON.stringify(a) === JSON.stringify(b);
}

function byName({ tunnels }: HostPlan): Map<string, TunnelPlan> {
  return new Map(tunnels.map((tunnel) => [tunnel.name, tunnel]));
}
