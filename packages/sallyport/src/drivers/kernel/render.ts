/** Steps as lines for `ip -batch`. */

import { formatRoute } from '../../plan/describe.ts';
import type { InterfacePlan, RoutePlan, RulePlan } from '../../plan/host-plan.ts';
import { OWNER } from '../../plan/host-plan.ts';

/** Lines that make the interface, as wanted and up. */
export function renderInterfaceAdd(wanted: InterfacePlan): string[] {
  const { name, interfaceId } = wanted;
  const kind =
    wanted.kind === 'xfrm'
      ? // The device below only names a link: lo is the one that is always there.
        `type xfrm dev lo if_id ${interfaceId}`
      : `type ${wanted.family === 4 ? 'vti' : 'vti6'} local ${wanted.localAddress} remote ${wanted.remoteAddress} key ${interfaceId}`;
  return [`link add name ${name} ${kind}`, ...renderInterfaceSet(wanted)];
}

export function renderInterfaceSet({ name, mtuBytes, alias }: InterfacePlan): string[] {
  // The alias is our mark: it comes first, so that what is half made is found and removed.
  return [`link set dev ${name} alias "${alias}"`, `link set dev ${name} mtu ${mtuBytes} up`];
}

export function renderInterfaceDelete(name: string): string {
  return `link delete dev ${name}`;
}

export function renderRouteReplace(route: RoutePlan): string {
  return `route replace ${formatRoute(route)} protocol ${OWNER.routeProtocol}`;
}

export function renderRouteDelete(route: RoutePlan): string {
  return `route delete ${formatRoute(route)} protocol ${OWNER.routeProtocol}`;
}

export function formatRule(rule: RulePlan): string {
  return `priority ${rule.priority} from all lookup ${rule.table} protocol ${OWNER.routeProtocol}`;
}
