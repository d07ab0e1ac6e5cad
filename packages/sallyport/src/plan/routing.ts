/**
 * Interfaces, routes, rules and sysctls that lead packets into the tunnels, and nowhere else.
 *
 *     rule 8300 -> table 8300   remote prefixes into tunnel interfaces
 *     rule 8305 -> table 8305   remote prefixes that BGP has told us of, by our own zebra
 *     rule 8310 -> table 8310   routes of our own charon, for policy-based and user-space tunnels
 *     rule 8320 -> table 8320   the same prefixes, unreachable: what no tunnel takes goes nowhere
 *     rule 32766 -> main        everything else
 */
import { canonicalAddress } from '../lib/canonical-address.ts';
import { once } from '../lib/once.ts';
import {
  containsAddress,
  FAMILIES,
  type Family,
  familiesIn,
  familyOf,
  formatAddress,
  parseAddress,
  parseInterfaceAddress,
  parsePrefix,
  parsePrefixes,
  widthOf,
} from '../lib/prefix.ts';
import type { Gateway } from '../model/gateway.ts';
import { type Host, internalAddresses } from '../model/host.ts';
import type { Tunnel } from '../model/tunnel.ts';
import type { BgpPlan } from './bgp-plan.ts';
import { sortPrefixes } from './children.ts';
import {
  type EnginePlan,
  type InsideAddressPlan,
  type InterfacePlan,
  OWNER,
  type RoutePlan,
  type RulePlan,
  type SysctlPlan,
  type TunnelPlan,
  USERSPACE_DEVICE,
} from './host-plan.ts';
import type { PlacedTunnel } from './placed.ts';

export interface RoutedTunnel extends PlacedTunnel {
  /** Remote prefixes this tunnel gets the routes of, or stands by for where one before it does. */
  readonly prefixes: readonly string[];
}

const remote = new WeakMap<TunnelPlan, readonly string[]>();

/** Networks of the other side, whoever tells of them. */
export function remotePrefixes(tunnel: TunnelPlan): readonly string[] {
  return once(remote, tunnel, () =>
    sortPrefixes(tunnel.learned ?? tunnel.children.flatMap((child) => child.remoteSelectors)),
  );
}

export function planInterfaces(
  tunnels: readonly { readonly tunnel: TunnelPlan; readonly declared: Tunnel }[],
): InterfacePlan[] {
  return tunnels.flatMap(({ tunnel, declared }): InterfacePlan[] => {
    const { interface: name, interfaceId, localAddress, remoteAddress, mtuBytes } = tunnel;
    if (!tunnel.enabled || name === undefined || interfaceId === undefined) return [];
    const alias = `sallyport ${tunnel.namespace}/${tunnel.connection}/${tunnel.tunnel}`;
    const inside = withLinkLocal(insideAddresses(declared), interfaceId);
    const addresses = inside.length === 0 ? {} : { addresses: inside };
    if (tunnel.dataPlane === 'xfrm-interface') {
      const place = tunnel.shard === undefined ? {} : { shard: tunnel.shard };
      return [{ kind: 'xfrm', name, ...place, interfaceId, mtuBytes, alias, ...addresses }];
    }
    const family = familyOf(localAddress ?? '');
    if (localAddress === undefined || remoteAddress === undefined || family === undefined)
      return [];
    return [
      {
        ...{ kind: 'vti', name, family, interfaceId, localAddress, remoteAddress, mtuBytes, alias },
        ...addresses,
      },
    ];
  });
}

/** In one spelling. A subnet has a route of its own to the other end; without one it is named. */
function insideAddresses({ inside = [] }: Tunnel): InsideAddressPlan[] {
  return inside.flatMap((pair): InsideAddressPlan[] => {
    const parsed = parseInterfaceAddress(pair.local);
    if (parsed === undefined) return [];
    const { address, subnet } = parsed;
    const local = `${formatAddress(address)}/${subnet.length}`;
    return subnet.length < widthOf(address.family)
      ? [{ local }]
      : [{ local, peer: canonicalAddress(pair.remote) }];
  });
}

/** RFC 4291 §2.1: every interface has one, and FRR lets no session begin over IPv6 on a link without. */
function withLinkLocal(
  addresses: readonly InsideAddressPlan[],
  interfaceId: number,
): readonly InsideAddressPlan[] {
  if (!addresses.some(({ local }) => familyOf(local) === 6)) return addresses;
  const [high, low] = [interfaceId >>> 16, interfaceId & 0xffff];
  const local = `${canonicalAddress(`fe80::${high.toString(16)}:${low.toString(16)}`)}/64`;
  return [...addresses, { local }];
}

/** The TUN device of user-space ESP is charon's own, and the kernel gives it a link-local address. */
export function planEngine(
  tunnels: readonly { readonly tunnel: TunnelPlan; readonly declared: Tunnel }[],
): EnginePlan {
  const inUserSpace = tunnels.filter(
    ({ tunnel }) => tunnel.enabled && tunnel.dataPlane === 'userspace',
  );
  const addresses = inUserSpace.flatMap(({ declared }) => insideAddresses(declared));
  return {
    ...{ name: 'strongswan', userspace: inUserSpace.length > 0 },
    ...(addresses.length === 0 ? {} : { addresses }),
  };
}

export function planRoutes(routed: readonly RoutedTunnel[]): RoutePlan[] {
  const routes = new Map<string, RoutePlan>();
  const add = (route: RoutePlan): void => {
    routes.set(keyOf(route.table, route.prefix), route);
  };
  for (const { tunnel, declared, gateway, host, prefixes } of routed) {
    for (const prefix of remotePrefixes(tunnel)) {
      if (gateway.spec.leakGuard) add({ prefix, table: OWNER.guardTable, type: 'unreachable' });
    }
    if (tunnel.enabled && tunnel.interface !== undefined) {
      // In user space charon itself makes the routes of its selectors.
      for (const prefix of tunnel.interfaceId === undefined ? [] : prefixes) {
        const source = ownAddress(host, gateway, prefix);
        const way = { interface: tunnel.interface, ...(source === undefined ? {} : { source }) };
        const first = routes.get(keyOf(OWNER.tunnelTable, prefix));
        add(
          first === undefined
            ? { prefix, table: OWNER.tunnelTable, type: 'unicast', ...way }
            : { ...first, standby: [...(first.standby ?? []), way] },
        );
      }
      // Before anything learned and the guard: a neighbour is reached by its own tunnel, or not at all.
      for (const pair of declared.inside ?? []) {
        const local = parseInterfaceAddress(pair.local)?.address;
        if (local === undefined) continue;
        add({
          prefix: `${canonicalAddress(pair.remote)}/${widthOf(local.family)}`,
          table: OWNER.tunnelTable,
          type: 'unicast',
          interface: tunnel.interface,
          source: formatAddress(local),
        });
      }
    }
  }
  // After all others: ESP to a peer that lives inside its own remote network must not follow that.
  for (const { tunnel } of routed) {
    const peer = peerInside(tunnel);
    if (peer === undefined) continue;
    for (const table of [OWNER.tunnelTable, OWNER.guardTable]) {
      if (peer.networks.some((prefix) => routes.has(keyOf(table, prefix))))
        add({ prefix: peer.prefix, table, type: 'throw' });
    }
  }
  return sortRoutes([...routes.values()]);
}

function keyOf(table: number, prefix: string): string {
  return `${table} ${prefix}`;
}

export interface PeerInside {
  readonly address: string;
  /** The address as a host prefix. */
  readonly prefix: string;
  /** Remote networks of the tunnel that hold it. */
  readonly networks: readonly string[];
}

/** The peer, where it lives inside a remote network of its own tunnel. */
export function peerInside(tunnel: TunnelPlan): PeerInside | undefined {
  const address = parseAddress(tunnel.remoteAddress ?? '');
  if (address === undefined) return undefined;
  const networks = remotePrefixes(tunnel).filter((text) => {
    const parsed = parsePrefix(text);
    return parsed.ok && containsAddress(parsed.prefix, address);
  });
  if (networks.length === 0) return undefined;
  const text = formatAddress(address);
  return { address: text, prefix: `${text}/${widthOf(address.family)}`, networks };
}

/** An address of the host in the networks of the gateway: what it sends into a tunnel itself must come from these. */
export function ownAddress(host: Host, gateway: Gateway, prefix: string): string | undefined {
  return addressWithin(host, gateway.spec.networks, familyOf(prefix));
}

/** Preferred first, in one spelling. */
export function ownAddresses(host: Host): string[] {
  return [...internalAddresses(host), ...host.spec.addresses].map(canonicalAddress);
}

/** The first address of the host in these networks. */
export function addressWithin(
  host: Host,
  prefixes: readonly string[],
  family: Family | undefined,
): string | undefined {
  const networks = parsePrefixes(prefixes);
  return ownAddresses(host).find((text) => {
    const address = parseAddress(text);
    return (
      address !== undefined &&
      address.family === family &&
      networks.some((network) => containsAddress(network, address))
    );
  });
}

function sortRoutes(routes: RoutePlan[]): RoutePlan[] {
  const order = new Map(
    sortPrefixes(routes.map((route) => route.prefix)).map((prefix, index) => [prefix, index]),
  );
  return routes.sort(
    (a, b) => a.table - b.table || (order.get(a.prefix) ?? 0) - (order.get(b.prefix) ?? 0),
  );
}

/** Families of everything inside the tunnels. */
function familiesOf(tunnels: readonly TunnelPlan[]): Family[] {
  return familiesIn(tunnels.flatMap((tunnel) => remotePrefixes(tunnel)));
}

/**
 * One for each table and family that has or may get routes; charon makes the rule of its own table itself. What
 * reflectors tell is made to ways of the node.
 */
export function planRules(routes: readonly RoutePlan[], bgp: BgpPlan | undefined): RulePlan[] {
  const learned = new Set([
    ...(bgp?.neighbors ?? []).flatMap(({ kind, families }) =>
      kind === 'reflector' ? [] : families,
    ),
    ...familiesIn((bgp?.nodes?.accept ?? []).map(({ prefix }) => prefix)),
  ]);
  return FAMILIES.flatMap((family) =>
    [OWNER.tunnelTable, OWNER.learnedTable, OWNER.guardTable]
      .filter((table) =>
        table === OWNER.learnedTable
          ? learned.has(family)
          : routes.some((route) => route.table === table && familyOf(route.prefix) === family),
      )
      .map((table) => ({ family, priority: table, table })),
  );
}

export function planSysctls(
  tunnels: readonly TunnelPlan[],
  interfaces: readonly InterfacePlan[],
  engine: EnginePlan,
): SysctlPlan[] {
  const families = familiesOf(tunnels);
  const sysctls: SysctlPlan[] = [];
  if (families.includes(4)) sysctls.push({ key: 'net/ipv4/ip_forward', value: '1' });
  if (families.includes(6)) sysctls.push({ key: 'net/ipv6/conf/all/forwarding', value: '1' });
  const device = { name: USERSPACE_DEVICE, kind: 'tun' } as const;
  for (const { name, kind } of engine.userspace ? [...interfaces, device] : interfaces) {
    // A VTI has checked the policy of its SA before (vti_rcv_cb()), under a mark that is gone by then. An
    // XFRM interface has not: there the check that follows is the one of RFC 4301 §5.2, and stays.
    if (kind === 'vti') sysctls.push({ key: `net/ipv4/conf/${name}/disable_policy`, value: '1' });
    // Loose (RFC 3704 §2.4): the way back may be another tunnel; spoofing is the policy's to stop. On a device without an
    // address loose is strict (fib_validate_source()), and ICMP of a gateway has another way back than its VXLAN.
    sysctls.push({ key: `net/ipv4/conf/${name}/rp_filter`, value: kind === 'vxlan' ? '0' : '2' });
  }
  return sysctls.sort((a, b) => (a.key < b.key ? -1 : 1));
}
