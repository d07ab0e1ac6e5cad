/** What BGP has told, in the place of selectors that hold everything, and of routes that no plan has. */
import { containsPrefix, FAMILIES, familyOf, parsePrefixes } from '../../lib/prefix.ts';
import { type HostPlan, OWNER, type RoutePlan, type TunnelPlan } from '../../plan/host-plan.ts';
import type { BgpReport } from '../bgp-report.ts';

/** The tunnel with the networks that it may carry: those that were told or, where none was, may be. */
export function asToldByBgp(
  tunnel: TunnelPlan,
  plan: HostPlan,
  bgp: BgpReport | undefined,
): TunnelPlan {
  if (tunnel.learned === undefined) return tunnel;
  const may = parsePrefixes(tunnel.learned);
  const told = (bgp?.learned.prefixes ?? []).map(({ prefix }) => prefix);
  const inside = told.filter((text) =>
    parsePrefixes([text]).some((prefix) => may.some((outer) => containsPrefix(outer, prefix))),
  );
  const ours = (plan.bgp?.neighbors ?? [])
    .filter((neighbor) => neighbor.tunnel === tunnel.name)
    .flatMap(({ advertise }) => advertise);
  const remote = inside.length > 0 ? inside : tunnel.learned;
  const children = FAMILIES.map((family) => ({
    name: `v${family}`,
    localSelectors: [...new Set(ours)].filter((prefix) => familyOf(prefix) === family),
    remoteSelectors: remote.filter((prefix) => familyOf(prefix) === family),
  }));
  return {
    ...tunnel,
    children: children.filter(({ remoteSelectors }) => remoteSelectors.length > 0),
  };
}

/** As zebra has them in our table; without an interface where another gateway is the next hop. */
export function learnedRoutes(plan: HostPlan, bgp: BgpReport | undefined): RoutePlan[] {
  const interfaces = new Map(
    (plan.bgp?.neighbors ?? []).flatMap(({ address, tunnel }) => {
      const planned = plan.tunnels.find(({ name }) => name === tunnel);
      return planned?.interface === undefined ? [] : [[address, planned.interface] as const];
    }),
  );
  return (bgp?.learned.prefixes ?? []).flatMap(({ prefix, nextHops }) =>
    nextHops.map((nextHop): RoutePlan => {
      const device = interfaces.get(nextHop);
      return {
        ...{ prefix, table: OWNER.learnedTable, type: 'unicast' },
        ...(device === undefined ? {} : { interface: device }),
      };
    }),
  );
}
