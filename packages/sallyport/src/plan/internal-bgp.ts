/** What speakers of one cluster have in common: iBGP between gateways, and between gateways and nodes. */
import { byKey } from '../lib/by-key.ts';
import { once } from '../lib/once.ts';
import { familiesIn, familyOf } from '../lib/prefix.ts';
import { sha256Hex } from '../lib/sha256.ts';
import type { DeclaredObjects } from '../model/declared-objects.ts';
import { encapsulatesNodes, type Gateway, virtualAddresses } from '../model/gateway.ts';
import { type Host, internalAddresses } from '../model/host.ts';
import { refOf } from '../model/objects.ts';
import { type BgpRouting, remoteNetworks } from '../model/routing.ts';
import type { BgpNeighborPlan, PrefixRange } from './bgp-plan.ts';
import { sortPrefixes } from './children.ts';
import { internalPairs } from './internal-pair.ts';
import type { PlanProblem } from './problems.ts';

/** Between hosts of ours: they are near, and nothing is lost on the way. */
export const INTERNAL = {
  timers: { keepaliveSeconds: 3, holdSeconds: 9, connectRetrySeconds: 3 },
  bfd: { intervalMilliseconds: 100, multiplier: 3 },
} as const;

/** What sites tell is limited where it comes in. */
const MOST_PREFIXES = 1_000_000;

/** Sessions of one host with another: one for each family that both have, or a single one that carries all. */
export function internalNeighbors(
  ours: Host,
  other: Host,
  {
    accept,
    networks,
    ...session
  }: Pick<BgpNeighborPlan, 'kind' | 'asn' | 'transit'> & {
    readonly accept: readonly PrefixRange[];
    /** What the session is for: without any of a family it carries none of it. */
    readonly networks: readonly string[];
  },
): BgpNeighborPlan[] {
  const pairs = internalPairs(ours, other);
  return pairs.flatMap(({ family, address, localAddress }): BgpNeighborPlan[] => {
    const families = familiesIn(networks).filter((one) => pairs.length === 1 || one === family);
    if (families.length === 0) return [];
    const taken = accept.filter(({ prefix }) => families.some((one) => one === familyOf(prefix)));
    return [
      {
        ...{ address, localAddress, families, description: `host ${other.metadata.name}` },
        ...{ ...session, ...INTERNAL, reach: 'any-ttl', accept: uniqueRanges(taken) },
        ...{ advertise: [], maximumPrefixes: MOST_PREFIXES },
      },
    ];
  });
}

/** One for each address: what several gateways, or namespaces, want of one host is one session. */
export function joinNeighbors(neighbors: readonly BgpNeighborPlan[]): BgpNeighborPlan[] {
  const joined = new Map<string, BgpNeighborPlan>();
  for (const neighbor of neighbors) {
    const before = joined.get(neighbor.address);
    const accept = uniqueRanges([...(before?.accept ?? []), ...neighbor.accept]);
    const families = new Set([...(before?.families ?? []), ...neighbor.families]);
    joined.set(neighbor.address, { ...neighbor, accept, families: [...families].sort() });
  }
  return [...joined.values()];
}

/** What a connection may tell. Sorted. */
export function acceptedBy({ accept, longestPrefix }: BgpRouting): PrefixRange[] {
  return sortPrefixes(accept).map((prefix) => {
    const longest = familyOf(prefix) === 4 ? longestPrefix.ipv4 : longestPrefix.ipv6;
    return { prefix, longest: Math.max(longest, Number(prefix.split('/')[1])) };
  });
}

/** What lies behind the connections of a gateway. */
export interface Behind {
  /** What they may tell it of. */
  readonly accepted: readonly PrefixRange[];
  /** Where they lead by declaration, as far as it tells its nodes of that. Sorted. */
  readonly declared: readonly string[];
}

// The same for all nodes of a cluster, of which there may be a thousand.
const known = new WeakMap<DeclaredObjects, WeakMap<Gateway, Behind>>();

export function behind(gateway: Gateway, objects: DeclaredObjects): Behind {
  const byGateway = once(known, objects, () => new WeakMap<Gateway, Behind>());
  return once(byGateway, gateway, () => findBehind(gateway, objects));
}

function findBehind(gateway: Gateway, { connections }: DeclaredObjects): Behind {
  const { namespace, name } = gateway.metadata;
  const routings = [...connections.values()].flatMap(({ metadata, spec }) =>
    metadata.namespace === namespace && spec.gateway === name ? spec.routing : [],
  );
  return {
    accepted: routings.flatMap(({ bgp }) => (bgp === undefined ? [] : acceptedBy(bgp))),
    declared: sortPrefixes(
      routings
        .flatMap((routing) => (routing.bgp === undefined ? remoteNetworks(routing).networks : []))
        .filter((prefix) => tellsOf(gateway, prefix)),
    ),
  };
}

/** To what a virtual address leads nobody has to tell: it moves by itself. Inside of VXLAN nodes do not send to it. */
export function tellsOf(gateway: Gateway, prefix: string): boolean {
  return (
    encapsulatesNodes(gateway) ||
    !virtualAddresses(gateway).some((address) => familyOf(address) === familyOf(prefix))
  );
}

/** Sorted; of two for one prefix the longer one. */
export function uniqueRanges(ranges: readonly PrefixRange[]): PrefixRange[] {
  const longest = new Map<string, number>();
  for (const { prefix, longest: length } of ranges)
    longest.set(prefix, Math.max(length, longest.get(prefix) ?? 0));
  return sortPrefixes([...longest.keys()]).map((prefix) => ({
    prefix,
    longest: longest.get(prefix) ?? 0,
  }));
}

/** RFC 6286 asks only that it is unique in the AS: our first IPv4 address, or a number made of the name. */
export function routerIdOf({
  objects,
  hostName,
}: {
  readonly objects: DeclaredObjects;
  readonly hostName: string;
}): string {
  const hosts = byKey(objects.hosts)
    .map(([, host]) => host)
    .filter(({ metadata }) => metadata.name === hostName);
  const address = hosts.flatMap(internalAddresses).find((each) => familyOf(each) === 4);
  if (address !== undefined) return address;
  const hash = sha256Hex(hostName);
  return [0, 2, 4, 6].map((at) => Number.parseInt(hash.slice(at, at + 2), 16)).join('.');
}

/** A host that is to speak for two autonomous systems. */
export function severalNumbers(gateway: Gateway, first: Gateway, hostName: string): PlanProblem {
  return {
    code: 'plan/several-asns',
    severity: 'error',
    object: refOf(gateway),
    path: 'spec.bgp.asn',
    value: String(gateway.spec.bgp?.asn),
    message: `Gateway ${first.metadata.name} speaks BGP on host ${hostName} as ${first.spec.bgp?.asn ?? 0}, and a host is in one autonomous system`,
    hint: 'give both gateways one number, or place them on different hosts',
  };
}
