/**
 * What gateways have told a node by BGP, and the ways that follow. What those say that speak now counts; where none
 * does, what was said last stands.
 */
import { byKey } from '../lib/by-key.ts';
import { canonicalAddress } from '../lib/canonical-address.ts';
import { FAMILIES, type Family, parsePrefix } from '../lib/prefix.ts';
import { sortPrefixes } from './children.ts';
import type { HostPlan } from './host-plan.ts';
import type { HopPlan, NodeGatewayPlan, WayPlan } from './node-plan.ts';

/** Best paths, and those as good as these. */
export interface ReflectedPath {
  readonly prefix: string;
  /** Address of the neighbour that has told it. */
  readonly speaker: string;
  readonly nextHop: string;
}

export interface ReflectedReading {
  /** Addresses of neighbours that have told all they know, and still speak. */
  readonly speaking: ReadonlySet<string>;
  readonly paths: readonly ReflectedPath[];
}

/** What one gateway has said last at one of its addresses. */
export interface Told {
  readonly speaker: string;
  readonly isSpeaking: boolean;
  /** Name of the host that is the next hop, by prefix. */
  readonly hosts: ReadonlyMap<string, string>;
}

/** Gateways of a node, and the families in which each of their addresses speaks. */
export interface Reflectors {
  readonly gateways: readonly NodeGatewayPlan[];
  readonly families: ReadonlyMap<string, readonly Family[]>;
}

/** Undefined where the plan has no gateways that tell of networks. */
export function reflectorsOf({ node, bgp }: HostPlan): Reflectors | undefined {
  const neighbors = bgp?.neighbors.filter(({ kind }) => kind === 'reflector') ?? [];
  if (node?.gateways === undefined || neighbors.length === 0) return undefined;
  return {
    gateways: node.gateways,
    families: new Map(neighbors.map(({ address, families }) => [address, families])),
  };
}

/** Of a gateway that does not speak, or has not said all yet, what it said before stays in mind. */
export function listen(
  before: readonly Told[],
  { gateways, families }: Reflectors,
  { speaking, paths }: ReflectedReading,
): Told[] {
  const hostOf = new Map(
    gateways.flatMap(({ host, hops, speakers }) =>
      [...hops, ...speakers].map((address) => [canonicalAddress(address), host]),
    ),
  );
  const bySpeaker = Map.groupBy(paths, (path) => path.speaker);
  return [...families.keys()].map((speaker): Told => {
    if (!speaking.has(speaker)) {
      const last = before.find((told) => told.speaker === speaker);
      return { speaker, isSpeaking: false, hosts: last?.hosts ?? new Map() };
    }
    const said = (bySpeaker.get(speaker) ?? []).flatMap(({ prefix, nextHop }) => {
      const host = hostOf.get(canonicalAddress(nextHop)) ?? hostOf.get(speaker);
      return host === undefined ? [] : [[prefix, host] as const];
    });
    return { speaker, isSpeaking: true, hosts: new Map(said) };
  });
}

/** Names of gateways none of whose sessions is there, though they have some. */
export function quietHosts(told: readonly Told[], { gateways }: Reflectors): Set<string> {
  const speaking = new Set(told.filter(({ isSpeaking }) => isSpeaking).map((one) => one.speaker));
  return new Set(
    gateways
      .filter(({ speakers }) => speakers.length > 0 && !speakers.some((one) => speaking.has(one)))
      .map(({ host }) => host),
  );
}

/**
 * Ways to what was told, a gateway that is quiet among the others that tell the same: it has its place in their group
 * when it returns.
 */
export function reflectedWays(
  told: readonly Told[],
  { gateways, families }: Reflectors,
): WayPlan[] {
  const ways = new Map<string, string[]>();
  for (const family of FAMILIES) {
    const carrying = told.filter(({ speaker }) => families.get(speaker)?.includes(family));
    const anySpeaks = carrying.some(({ isSpeaking }) => isSpeaking);
    const hosts = new Map<string, Set<string>>();
    const current = new Set<string>();
    for (const { isSpeaking, hosts: said } of carrying)
      for (const [prefix, host] of said) {
        const parsed = parsePrefix(prefix);
        if (!parsed.ok || parsed.prefix.family !== family) continue;
        if (isSpeaking) current.add(prefix);
        const known = hosts.get(prefix);
        if (known === undefined) hosts.set(prefix, new Set([host]));
        else known.add(host);
      }
    for (const [prefix, by] of hosts) {
      if (anySpeaks && !current.has(prefix)) continue;
      const key = [...by].sort().join(' ');
      const same = ways.get(key);
      if (same === undefined) ways.set(key, [prefix]);
      else same.push(prefix);
    }
  }
  const hopsOf = new Map(
    gateways.map(({ host, hops, weight }) => [host, hops.map((address) => ({ address, weight }))]),
  );
  return byKey(ways).map(([key, prefixes]) => ({
    prefixes: sortPrefixes(prefixes),
    // What is accepted at all is guarded as a whole.
    isCovered: true,
    hops: key
      .split(' ')
      .flatMap((host) => hopsOf.get(host) ?? [])
      .sort((a, b) => (a.address < b.address ? -1 : 1)),
  }));
}

/**
 * The plan with the ways that were told. Declared ones hold for networks of which nobody tells, and by those that tell
 * nothing at all: gateways without BGP, and addresses that they hold in turn.
 */
export function withReflected(plan: HostPlan, ways: readonly WayPlan[], name: string): HostPlan {
  if (plan.node === undefined || ways.length === 0) return plan;
  const { gateways = [], ways: declared } = plan.node;
  const speaking = new Set(
    gateways.flatMap(({ hops, speakers }) => (speakers.length > 0 ? hops : [])),
  );
  const mute = new Map(
    declared.flatMap(({ prefixes, hops }) => {
      const others = hops.filter(({ address }) => !speaking.has(address));
      return prefixes.map((prefix) => [prefix, others] as const);
    }),
  );
  const isTold = new Set(ways.flatMap(({ prefixes }) => prefixes.filter((each) => mute.has(each))));
  const left = declared.map((way) => ({
    ...way,
    prefixes: way.prefixes.filter((prefix) => !isTold.has(prefix)),
  }));
  return {
    ...plan,
    revision: `${plan.revision} with ${name}`,
    node: {
      ...plan.node,
      ways: [...left, ...ways.flatMap((way) => beside(way, mute))].filter(
        ({ prefixes }) => prefixes.length > 0,
      ),
    },
  };
}

const NOBODY: readonly HopPlan[] = [];

/** The way, also by the hops that tell nothing of some of its prefixes. */
function beside(way: WayPlan, mute: ReadonlyMap<string, readonly HopPlan[]>): WayPlan[] {
  if (!way.prefixes.some((prefix) => mute.has(prefix))) return [way];
  const byOthers = Map.groupBy(way.prefixes, (prefix) => mute.get(prefix) ?? NOBODY);
  return [...byOthers].map(([others, prefixes]) => ({
    ...{ ...way, prefixes },
    hops: [...way.hops, ...others].sort((a, b) => (a.address < b.address ? -1 : 1)),
  }));
}
