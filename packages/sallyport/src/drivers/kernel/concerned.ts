/** Which tunnel a step of this driver is about. */
import { canonicalPrefix } from '../../lib/canonical-address.ts';
import { once } from '../../lib/once.ts';
import type { HostPlan } from '../../plan/host-plan.ts';
import { remotePrefixes } from '../../plan/routing.ts';
import { interfaceOf } from './diff.ts';
import type { KernelStep } from './state.ts';

type Tunnels = Pick<HostPlan, 'tunnels'>;

interface TunnelIndex {
  readonly byInterface: ReadonlyMap<string, string>;
  /** The first by name, which is the one that carries it. */
  readonly byPrefix: ReadonlyMap<string, string>;
}

const known = new WeakMap<Tunnels, TunnelIndex>();

/** Name of the tunnel; undefined for what concerns the whole host. */
export function concernedTunnel(step: KernelStep, plan: Tunnels): string | undefined {
  const { byInterface, byPrefix } = once(known, plan, indexTunnels);
  switch (step.type) {
    case 'interface-add':
    case 'interface-set':
      return byInterface.get(step.interface.name);
    case 'interface-delete':
    case 'refuse':
      return byInterface.get(step.name);
    case 'sysctl':
      return byInterface.get(interfaceOf(step.sysctl.key) ?? '');
    case 'route-replace':
    case 'route-delete':
      return byInterface.get(step.route.interface ?? '') ?? byPrefix.get(step.route.prefix);
    case 'device-set':
    case 'rule-add':
    case 'rule-delete':
    case 'firewall':
    case 'neighbor-replace':
    case 'neighbor-delete':
    case 'nexthop-replace':
    case 'nexthop-delete':
      return undefined;
  }
}

function indexTunnels({ tunnels }: Tunnels): TunnelIndex {
  const byInterface = new Map<string, string>();
  const byPrefix = new Map<string, string>();
  for (const tunnel of tunnels) {
    const { name, interfaceId } = tunnel;
    // Without an id it is the one interface of user-space ESP, which all tunnels share.
    if (interfaceId !== undefined && tunnel.interface !== undefined)
      byInterface.set(tunnel.interface, name);
    for (const prefix of remotePrefixes(tunnel).map(canonicalPrefix))
      if (!byPrefix.has(prefix)) byPrefix.set(prefix, name);
  }
  return { byInterface, byPrefix };
}
