/** A plan as it holds while this host has some of the virtual addresses, and not others. Pure. */
import type { HostPlan } from './host-plan.ts';

/**
 * A tunnel on an address that is elsewhere stays loaded, and is neither brought up nor probed: the other side has room for that of
 * the holder only. The revision stays: who holds an address is nobody's change. `held`: the virtual addresses that are here.
 */
export function whileHeld(plan: HostPlan, held: ReadonlySet<string>): HostPlan {
  const elsewhere = new Set(
    plan.tunnels
      .filter(
        ({ virtualRouter, localAddress = '' }) =>
          virtualRouter !== undefined && !held.has(localAddress),
      )
      .map(({ name }) => name),
  );
  if (elsewhere.size === 0) return plan;
  const { probes = [] } = plan;
  return {
    ...plan,
    tunnels: plan.tunnels.map((tunnel) =>
      elsewhere.has(tunnel.name) ? { ...tunnel, elsewhere: true } : tunnel,
    ),
    probes: probes.filter(({ tunnel }) => tunnel === undefined || !elsewhere.has(tunnel)),
  };
}

/** Whether the line, of a monitor, has an address that takes tunnels with it. */
export function movesTunnels(line: string, { tunnels }: HostPlan): boolean {
  return tunnels.some(
    ({ virtualRouter, localAddress }) =>
      virtualRouter !== undefined && line.includes(` ${localAddress ?? ''}/`),
  );
}
