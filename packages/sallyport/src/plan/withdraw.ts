/** A plan as it holds while some of its tunnels are not to carry packets. Pure. */
import type { BgpNeighborPlan } from './bgp-plan.ts';
import type { HostPlan, RoutePlan } from './host-plan.ts';

/** Names of tunnels. */
export interface Withdrawn {
  /** Without SAs: BGP finds that out by itself, and goes on where the kernel does. */
  readonly down: ReadonlySet<string>;
  /** Through which nothing gets, whatever IKE says. */
  readonly failed: ReadonlySet<string>;
}

/**
 * A route by one of them goes by the next that is not, and stays where there is none; BGP does not speak inside
 * those that failed. Where that is another plan, its revision tells which are out: the way there and back is nobody's
 * drift. Where it is none, it is the plan itself.
 */
export function withoutTunnels(plan: HostPlan, { down, failed }: Withdrawn): HostPlan {
  const out = new Set([...down, ...failed]);
  const interfaces = new Set(
    plan.tunnels.flatMap((tunnel) => (out.has(tunnel.name) ? (tunnel.interface ?? []) : [])),
  );
  const routes = plan.routes.map((route) => routeBeside(route, interfaces));
  const neighbors = plan.bgp?.neighbors.map((neighbor) => restingIn(neighbor, failed));
  const isSame =
    routes.every((route, index) => route === plan.routes[index]) &&
    (neighbors ?? []).every((neighbor, index) => neighbor === plan.bgp?.neighbors[index]);
  if (isSame) return plan;
  return {
    ...plan,
    revision: `${plan.revision} without ${[...out].sort().join(' ')}`,
    routes,
    ...(plan.bgp === undefined || neighbors === undefined
      ? {}
      : { bgp: { ...plan.bgp, neighbors } }),
  };
}

function routeBeside(route: RoutePlan, out: ReadonlySet<string>): RoutePlan {
  if (route.interface === undefined || !out.has(route.interface)) return route;
  const next = route.standby?.find((way) => !out.has(way.interface));
  if (next === undefined) return route;
  const { source: _, ...bare } = route;
  return { ...bare, ...next };
}

function restingIn(neighbor: BgpNeighborPlan, failed: ReadonlySet<string>): BgpNeighborPlan {
  return neighbor.tunnel !== undefined && failed.has(neighbor.tunnel)
    ? { ...neighbor, shutdown: true }
    : neighbor;
}
