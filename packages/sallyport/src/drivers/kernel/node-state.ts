/**
 * What a `NodePlan` is in the kernel: routes to remote prefixes by groups of nexthop objects (ip-nexthop(8)), so
 * that one change of a group moves any number of routes. A resilient group leaves flows on their gateway when the
 * set of gateways changes. Below stands, as everywhere, an unreachable route for each prefix.
 *
 * With encapsulation each hop is a lightweight tunnel (ip-route(8): `encap ip`) through a VXLAN device. Its gateway
 * is an address that exists nowhere, whose Ethernet address nobody has to be asked for.
 *
 *     830_000_000  hops for IPv4 prefixes       830_200_000  resilient groups    830_400_000  plain groups
 *     830_100_000  the same for IPv6 prefixes   830_300_000                      830_500_000
 *
 * FRR numbers its own nexthop objects below 250,000,000 (zebra_nhg.h: ZEBRA_NHG_PROTO_UPPER).
 */
import { canonicalPrefix } from '../../lib/canonical-address.ts';
import { once } from '../../lib/once.ts';
import { FAMILIES, type Family, familyOf } from '../../lib/prefix.ts';
import { sha256Hex } from '../../lib/sha256.ts';
import { OWNER, type RoutePlan, type RulePlan } from '../../plan/host-plan.ts';
import type { EncapsulationPlan, NodePlan, WayPlan } from '../../plan/node-plan.ts';
import { ethernetAddress } from './ethernet-address.ts';
import { type ObservedKernel, type ObservedRoute } from './state.ts';
import { interfacesReaching } from './subnets.ts';

/** What the kernel has that decides how a plan is carried out. */
export type NodeSurroundings = Pick<ObservedKernel, 'subnets' | 'hasResilientGroups'>;

export interface NodeState {
  /** Ethernet address by `ADDRESS dev NAME`. */
  readonly neighbors: ReadonlyMap<string, string>;
  /** Hops and groups by id, as ip-nexthop(8) writes them. */
  readonly nexthops: ReadonlyMap<number, string>;
  readonly routes: readonly RoutePlan[];
  readonly rules: readonly RulePlan[];
  /** Hosts in no subnet of ours. */
  readonly unreached: ReadonlySet<string>;
}

/** Ids of one kind, less than 100,000. */
const NUMBERS = 32_768;
const FIRST = {
  hop: { 4: 830_000_000, 6: 830_100_000 },
  resilient: { 4: 830_200_000, 6: 830_300_000 },
  plain: { 4: 830_400_000, 6: 830_500_000 },
} as const;

/**
 * Timers in seconds: idle flows go to another hop after the first, where shares are not as wanted; all do after the
 * second, or a gateway that returns to a busy host would get nothing.
 */
const RESILIENT = ' type resilient buckets 32 idle_timer 30 unbalanced_timer 120';

export const NO_NODE: NodeState = {
  neighbors: new Map(),
  nexthops: new Map(),
  routes: [],
  rules: [],
  unreached: new Set(),
};

interface Known {
  readonly key: string;
  readonly state: NodeState;
}

// Every round compares, ten thousand routes may be in it, and both sides stay the same for days.
const known = new WeakMap<NodePlan, Known>();

export function nodeState(plan: NodePlan, surroundings: NodeSurroundings): NodeState {
  const { subnets, hasResilientGroups } = surroundings;
  const key = JSON.stringify([subnets, hasResilientGroups]);
  const before = known.get(plan);
  if (before?.key === key) return before.state;
  const state = makeState(plan, surroundings);
  known.set(plan, { key, state });
  return state;
}

function makeState(plan: NodePlan, surroundings: NodeSurroundings): NodeState {
  const numbers = numbered(plan.ways.flatMap(({ hops }) => hops.map(({ address }) => address)));
  const groupNumbers = numbered(plan.ways.map(keyOf));
  const neighbors = new Map<string, string>();
  const nexthops = new Map<number, string>();
  const routes: (readonly RoutePlan[])[] = [];
  const rules: RulePlan[] = [];
  const unreached = new Set<string>();

  const addHop = (family: Family, address: string): number | undefined => {
    const number = numbers.get(address) ?? 0;
    const id = FIRST.hop[family] + number;
    const { encapsulation } = plan;
    if (encapsulation !== undefined) {
      const gateway = `${placeholder(family, number)} dev ${encapsulation.interface}`;
      neighbors.set(gateway, ethernetAddress(address));
      nexthops.set(id, `via ${gateway} onlink${formatTunnel(encapsulation, address)}`);
      return id;
    }
    if (familyOf(address) !== family) return undefined;
    const [device] = interfacesReaching(address, surroundings.subnets);
    if (device === undefined) {
      unreached.add(address);
      return undefined;
    }
    nexthops.set(id, `via ${address} dev ${device}`);
    return id;
  };
  const addGroup = (family: Family, way: WayPlan): number | undefined => {
    const members = way.hops.flatMap(({ address, weight }) => {
      const id = addHop(family, address);
      return id === undefined || weight === 0 ? [] : { id, weight };
    });
    if (members.length === 0) return undefined;
    const { hasResilientGroups } = surroundings;
    const number = groupNumbers.get(keyOf(way)) ?? 0;
    const id = FIRST[hasResilientGroups ? 'resilient' : 'plain'][family] + number;
    nexthops.set(id, `group ${formatMembers(members)}${hasResilientGroups ? RESILIENT : ''}`);
    return id;
  };

  for (const family of FAMILIES) {
    const source = plan.sources.find((address) => familyOf(address) === family);
    for (const way of plan.ways) {
      const prefixes = prefixesOf(way)[family];
      const nexthop = prefixes.length === 0 ? undefined : addGroup(family, way);
      const { isCovered = false } = way;
      routes.push(routesOf(prefixes, { nexthop, source, isCovered }));
    }
    if (plan.ways.some((way) => prefixesOf(way)[family].length > 0))
      for (const table of [OWNER.tunnelTable, OWNER.guardTable])
        rules.push({ family, priority: table, table });
  }
  return { neighbors, nexthops, routes: routes.flat(), rules, unreached };
}

const split = new WeakMap<readonly string[], Readonly<Record<Family, readonly string[]>>>();

/** In one spelling. A plan with other weights has the same lists. */
function prefixesOf({ prefixes }: WayPlan): Readonly<Record<Family, readonly string[]>> {
  return once(split, prefixes, () => {
    const canonical = prefixes.map(canonicalPrefix);
    return {
      4: canonical.filter((prefix) => !prefix.includes(':')),
      6: canonical.filter((prefix) => prefix.includes(':')),
    };
  });
}

const made = new WeakMap<readonly string[], Map<string, readonly RoutePlan[]>>();

interface RouteShape {
  readonly nexthop: number | undefined;
  readonly source: string | undefined;
  readonly isCovered: boolean;
}

function routesOf(
  prefixes: readonly string[],
  { nexthop, source, isCovered }: RouteShape,
): readonly RoutePlan[] {
  const variants = once(made, prefixes, () => new Map<string, readonly RoutePlan[]>());
  const key = `${nexthop} ${source} ${isCovered}`;
  const before = variants.get(key);
  if (before !== undefined) return before;
  const routes = prefixes.flatMap((prefix): RoutePlan[] => {
    const guard: RoutePlan[] = isCovered
      ? []
      : [{ prefix, table: OWNER.guardTable, type: 'unreachable' }];
    if (nexthop === undefined) return guard;
    const route = { prefix, table: OWNER.tunnelTable, type: 'unicast', nexthop } as const;
    return [...guard, source === undefined ? route : { ...route, source }];
  });
  variants.set(key, routes);
  return routes;
}

const byNexthop = new WeakMap<readonly ObservedRoute[], ReadonlySet<string>>();

/** To which there is a way by a nexthop object of ours. */
export function prefixesByNexthop(routes: readonly ObservedRoute[]): ReadonlySet<string> {
  return once(
    byNexthop,
    routes,
    () =>
      new Set(
        routes.flatMap(({ prefix, table, nexthop }) =>
          table === OWNER.tunnelTable && nexthop !== undefined ? prefix : [],
        ),
      ),
  );
}

/** The same hosts are the same group, whatever their weights are now. */
function keyOf({ hops }: WayPlan): string {
  return hops.map(({ address }) => address).join(' ');
}

/** Numbers that the same names always get, unless two of them would have the same one. */
function numbered(names: readonly string[]): ReadonlyMap<string, number> {
  const taken = new Map<number, string>();
  for (const name of [...new Set(names)].sort()) {
    let number = Number.parseInt(sha256Hex(name).slice(0, 8), 16) % NUMBERS;
    while (taken.has(number)) number = (number + 1) % NUMBERS;
    taken.set(number, name);
  }
  return new Map([...taken].map(([number, name]) => [name, number]));
}

/** Link-local (RFC 3927, RFC 4291 §2.5.6), and no host's. */
function placeholder(family: Family, number: number): string {
  return family === 4
    ? `169.254.${128 + (number >> 8)}.${number & 255}`
    : `fe80::83:${number.toString(16)}`;
}

function formatTunnel({ identity }: EncapsulationPlan, address: string): string {
  return ` encap ${familyOf(address) === 6 ? 'ip6' : 'ip'} id ${identity} dst ${address}`;
}

/** In the order of their ids, so that two groups of the same members are one text. */
export function formatMembers(
  members: readonly { readonly id: number; readonly weight: number }[],
): string {
  return [...members]
    .sort((a, b) => a.id - b.id)
    .map(({ id, weight }) => `${id},${weight}`)
    .join('/');
}

/** Ids of the members of a group; of a hop none. */
export function membersOf(nexthop: string): number[] {
  const members = /^group (\S+)/.exec(nexthop)?.[1]?.split('/') ?? [];
  return members.map((member) => Number(member.split(',', 1)[0]));
}

/** Device of a hop or a neighbour. */
export function deviceOf(text: string): string | undefined {
  return /(?:^| )dev (\S+)/.exec(text)?.[1];
}
