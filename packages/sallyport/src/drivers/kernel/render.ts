/**
 * Steps as lines for `ip -batch`. What marks a thing as ours comes first in its line, and a link gets
 * its group at birth: work that is cut short anywhere leaves nothing that would not be found again.
 */
import { once } from '../../lib/once.ts';
import { formatRoute } from '../../plan/describe.ts';
import type { InterfacePlan, RoutePlan, RulePlan } from '../../plan/host-plan.ts';
import { OWNER, USERSPACE_DEVICE } from '../../plan/host-plan.ts';
import { IPV6_MINIMUM_MTU } from '../../plan/mtu.ts';
import { ethernetAddress } from './ethernet-address.ts';
import { wantedAddresses } from './interface-address.ts';
import type { KernelStep, ObservedRoute } from './state.ts';

const PROTOCOL = `protocol ${OWNER.routeProtocol}`;

/** Below this a device has no IPv6 at all (RFC 8200 §5), and nothing to say about its addresses. */

/** Lines of one step; `finish` may only follow where `lines` succeeded, or it would touch what is not ours. */
export interface BatchLines {
  readonly lines: readonly string[];
  readonly finish: readonly string[];
}

export function renderStep(step: KernelStep): BatchLines {
  switch (step.type) {
    case 'interface-add':
      return {
        lines: [linkAdd(step.interface)],
        finish: [...linkSet(step.interface), ...addressesOf(step.interface)],
      };
    case 'interface-set':
      return {
        // Alone and first: too small an MTU has taken IPv6 off the device, and `addrgenmode` with it.
        lines: [`link set dev ${step.interface.name} mtu ${step.interface.mtuBytes}`],
        finish: [...linkSet(step.interface), ...addressesOf(step.interface, step.surplus)],
      };
    case 'device-set':
      return {
        lines: [`link set dev ${USERSPACE_DEVICE} up`],
        finish: addressesSet(USERSPACE_DEVICE, step.wanted, step.surplus),
      };
    case 'interface-delete':
      return oneLine(`link delete dev ${step.name}`);
    case 'neighbor-replace':
      return oneLine(
        `neighbor replace ${step.key} lladdr ${step.ethernetAddress} nud permanent ${PROTOCOL}`,
      );
    case 'neighbor-delete':
      return oneLine(`neighbor delete ${step.key}`);
    case 'nexthop-replace':
      return oneLine(`nexthop replace id ${step.id} ${PROTOCOL} ${step.nexthop}`);
    case 'nexthop-delete':
      return oneLine(`nexthop delete id ${step.id}`);
    case 'route-replace':
      return oneLine(`route replace ${PROTOCOL} ${formatRoute(step.route)}`);
    case 'route-delete':
      return oneLine(`route delete ${PROTOCOL} ${formatObservedRoute(step.route)}`);
    case 'rule-add':
      return oneLine(`rule add ${PROTOCOL} ${formatRule(step.rule)}`);
    case 'rule-delete':
      return oneLine(`rule delete ${PROTOCOL} ${formatRule(step.rule)}`);
    case 'sysctl':
    case 'firewall':
    case 'refuse':
      return { lines: [], finish: [] };
  }
}

function oneLine(line: string): BatchLines {
  return { lines: [line], finish: [] };
}

function linkAdd(wanted: InterfacePlan): string {
  const { name, mtuBytes } = wanted;
  return `link add name ${name} group ${OWNER.routeProtocol} mtu ${mtuBytes} ${linkType(wanted)}`;
}

function linkType(wanted: InterfacePlan): string {
  switch (wanted.kind) {
    case 'xfrm': {
      const place = wanted.shard === undefined ? '' : `link-netns ${wanted.shard} `;
      // The device below only lends its index to the route look-up: lo is the one always there.
      return `${place}type xfrm dev lo if_id ${wanted.interfaceId}`;
    }
    case 'vti':
      return `type ${wanted.family === 4 ? 'vti' : 'vti6'} local ${wanted.localAddress} remote ${wanted.remoteAddress} key ${wanted.interfaceId}`;
    case 'vxlan':
      return `address ${ethernetAddress(wanted.localAddress)} type vxlan external dstport ${wanted.port} nolearning`;
  }
}

function linkSet({ name, alias, mtuBytes }: InterfacePlan): string[] {
  // No link-local address: nothing is to be said on a link that has no neighbours. In one request with
  // `up` it would come too late: the kernel brings the link up first (do_setlink()).
  const addresses = mtuBytes < IPV6_MINIMUM_MTU ? '' : ' addrgenmode none';
  return [`link set dev ${name} alias "${alias}"${addresses}`, `link set dev ${name} up`];
}

function addressesOf(wanted: InterfacePlan, surplus: readonly string[] = []): string[] {
  return addressesSet(wanted.name, wantedAddresses(wanted), surplus);
}

function addressesSet(
  name: string,
  wanted: readonly string[],
  surplus: readonly string[],
): string[] {
  // Nobody else is on the link who could have the same address: it may be used at once.
  const add = wanted.map(
    (address) => `address replace ${address} dev ${name}${address.includes(':') ? ' nodad' : ''}`,
  );
  if (surplus.length === 0) return add;
  return [
    ...add,
    ...surplus.map((address) => `address delete ${address} dev ${name}`),
    // The first IPv4 address of a subnet takes the others with it (ip-sysctl: promote_secondaries).
    ...add,
  ];
}

/** As `formatRoute`, with what only an observed route has. */
export function formatObservedRoute(route: ObservedRoute): string {
  const type = route.type === 'unicast' ? '' : `${route.type} `;
  const device = route.interface === undefined ? '' : ` dev ${route.interface}`;
  const nexthop = route.nexthop === undefined ? '' : ` nhid ${route.nexthop}`;
  const source = route.source === undefined ? '' : ` src ${route.source}`;
  const metric = route.metric === undefined ? '' : ` metric ${route.metric}`;
  return `${type}${route.prefix}${device}${nexthop} table ${route.table}${source}${metric}`;
}

export function formatRule(rule: RulePlan): string {
  return `priority ${rule.priority} from all lookup ${rule.table}`;
}

/** Whether an observed route is the wanted one, in everything. */
export function isRoute(observed: ObservedRoute, wanted: RoutePlan): boolean {
  return (
    observed.other === undefined &&
    once(texts, observed, formatObservedRoute) === once(texts, wanted, formatRoute)
  );
}

// There may be ten thousand, the same in every round.
const texts = new WeakMap<ObservedRoute | RoutePlan, string>();
