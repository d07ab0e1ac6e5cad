/** A plan as it holds while some of its tunnels are not to carry packets. Pure. */
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
 * those that failed. The revision tells which are out: the way back is another plan, and nobody's drift.
 */
export function withoutTunnels(plan: HostPlan, { down, failed }: Withdrawn): HostPlan {
  const out = new Set([...down, ...failed]);
  if (out.size === 0) return plan;
  const interfaces = new Set(
    plan.tunnels.flatMap((tunnel) => (out.has(tunnel.name) ? (tunnel.interface ?? []) : [])),
  );
  const { bgp } = plan;
  return {
    ...plan,
    revision: `${plan.revision} without ${[...out].sort().join(' ')}`,
    routes: plan.routes.map((route) => routeBeside(route, interfaces)),
    ...(bgp === undefined
      ? {}
      : {
          bgp: {
            ...bgp,
            neighbors: bgp.neighbors.map((neighbor) =>
              neighbor.tunnel !== undefined && failed.has(neighbor.tunnel)
                ? { ...neighbor, shutdown: true as const }
                : neighbor,
            ),
          },
        }),
  };
}

function routeBeside(route: RoutePlan, out: ReadonlySet<string>): RoutePlan {
  if (route.interface === undefined || !out.has(route.interface)) return route;
  const next = route.standby?.find((way) => !out.has(way.interface));
  if (next === undefined) return route;
  const { source: _, ...bare } = route;
  return { ...bare, ...next };
}
