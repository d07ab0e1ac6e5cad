/**
 * The BGP speaker of one host: eBGP with the other side inside each tunnel, iBGP with the other gateways over
 * the LAN, and with hosts of the cluster that call.
 */
import { byKey } from '../lib/by-key.ts';
import { canonicalAddress } from '../lib/canonical-address.ts';
import {
  containsAddress,
  containsPrefix,
  type Family,
  familiesIn,
  familyOf,
  formatAddress,
  formatPrefix,
  parseAddress,
  parseInterfaceAddress,
  parsePrefixes,
  splitPrefix,
  toPrefix,
  widthOf,
} from '../lib/prefix.ts';
import { type DeclaredObjects, objectKey } from '../model/declared-objects.ts';
import type { SecretFacts } from '../model/facts.ts';
import { type Gateway, virtualAddresses } from '../model/gateway.ts';
import { internalAddresses } from '../model/host.ts';
import { hostsOfTunnel } from '../model/hosts-of-tunnel.ts';
import { BGP_PROFILES, type BgpProfile } from '../model/providers.ts';
import type { BgpRouting } from '../model/routing.ts';
import type { InsidePair } from '../model/tunnel.ts';
import {
  type BfdPlan,
  type BgpNeighborPlan,
  type BgpNodesPlan,
  type BgpPlan,
  exactly,
  type PrefixRange,
} from './bgp-plan.ts';
import { learnedSources } from './bgp-sources.ts';
import { sortPrefixes } from './children.ts';
import { clusterOf } from './cluster.ts';
import { OWNER } from './host-plan.ts';
import {
  acceptedBy,
  behind,
  INTERNAL,
  internalNeighbors,
  joinNeighbors,
  routerIdOf,
  severalNumbers,
  tellsOf,
  uniqueRanges,
} from './internal-bgp.ts';
import type { PlacedConnection } from './placed.ts';
import type { PlanProblem } from './problems.ts';
import { remotePrefixes } from './routing.ts';
import { secretUse } from './secret-use.ts';
import { interfaceIdOf } from './tunnel-name.ts';

export interface BgpContext {
  readonly hostName: string;
  readonly tunnels: readonly PlacedConnection[];
  readonly objects: DeclaredObjects;
  /** By `namespace/name`. */
  readonly secretFacts: ReadonlyMap<string, SecretFacts>;
}

/** A connection that was refused is tried again after this; FRR's own 120 s are as long as an outage. */
const CONNECT_RETRY_SECONDS = 5;

/** Dynamic neighbours of one reflector. */
const MOST_NODES = 2_000;
/** What one of them tells; it has a few networks of its own. */
const MOST_OF_NODE = 1_000;

/** LOCAL_PREF of RFC 4271 §9.1.1 where no tunnel is preferred. */
const USUAL_PREFERENCE = 100;

/** What no site may announce: this host, link-local, multicast and reserved addresses (RFC 6890), and the default. */
const NEVER: readonly PrefixRange[] = [
  { prefix: '0.0.0.0/0', longest: 0 },
  { prefix: '0.0.0.0/8', longest: 32 },
  { prefix: '127.0.0.0/8', longest: 32 },
  { prefix: '169.254.0.0/16', longest: 32 },
  { prefix: '224.0.0.0/3', longest: 32 },
  { prefix: '::/0', longest: 0 },
  { prefix: '::/8', longest: 128 },
  { prefix: 'fe80::/10', longest: 128 },
  { prefix: 'ff00::/8', longest: 128 },
];

/** Undefined where no gateway of this host speaks BGP. */
export function planBgp(context: BgpContext): {
  readonly bgp?: BgpPlan;
  readonly problems: readonly PlanProblem[];
} {
  const gateways = speakingGateways(context);
  const [first] = gateways;
  if (first?.spec.bgp === undefined) return { problems: [] };
  const { asn } = first.spec.bgp;
  const speaking = context.tunnels.filter(
    ({ tunnel, gateway, connection }) =>
      tunnel.enabled && gateway.spec.bgp !== undefined && connection.spec.routing.bgp !== undefined,
  );
  const originate = sortPrefixes([
    ...gateways.flatMap(({ spec }) => spec.networks),
    ...speaking.flatMap(({ connection }) => connection.spec.routing.bgp?.advertise ?? []),
  ]);
  const peers = speaking.flatMap((tunnel) => peersIn(tunnel, context));
  const hosts = joinNeighbors(gateways.flatMap((gateway) => otherGateways(gateway, context)));
  const nodes = planNodes(gateways, context.objects);
  const declared = nodes === undefined ? [] : declaredBy(context.tunnels);
  const sources = learnedSources(new Set(speaking.map(({ host }) => host)), peers);
  return {
    bgp: {
      asn,
      routerId: routerIdOf(context),
      originate,
      ...(declared.length === 0 ? {} : { declared }),
      refuse: refusedBy(gateways, speaking),
      neighbors: [...hosts, ...peers].sort((a, b) => (a.address < b.address ? -1 : 1)),
      ...(nodes === undefined ? {} : { nodes }),
      ...(sources.length === 0 ? {} : { sources }),
    },
    problems: gateways
      .filter(({ spec }) => spec.bgp?.asn !== asn)
      .map((gateway) => severalNumbers(gateway, first, context.hostName)),
  };
}

/** Sorted by namespace and name. */
function speakingGateways({ objects, hostName }: BgpContext): Gateway[] {
  return byKey(objects.gateways)
    .map(([, gateway]) => gateway)
    .filter(({ spec }) => spec.bgp !== undefined && spec.placement.hosts.includes(hostName));
}

/** One session for each pair of inside addresses; a single one of IPv6 carries both families. */
function peersIn(placed: PlacedConnection, { secretFacts }: BgpContext): BgpNeighborPlan[] {
  const { tunnel, declared, connection, gateway } = placed;
  const { bgp } = connection.spec.routing;
  if (bgp === undefined) return [];
  const profile = BGP_PROFILES[connection.spec.provider];
  const advertise = sortPrefixes(bgp.advertise ?? gateway.spec.networks);
  const accept = acceptedBy(bgp);
  const inside = declared.inside ?? [];
  const bfd = bfdOf(bgp, profile);
  const others = bfd === undefined && bgp.onGatewayLoss !== 'wait' ? otherHosts(placed) : [];
  return inside.flatMap((pair) => {
    const ends = endsOf(pair);
    if (ends === undefined) return [];
    // IPv4 can have next hops of IPv6 (RFC 8950), not the other way round.
    const families: readonly Family[] =
      inside.length > 1 || ends.family === 4
        ? [ends.family]
        : familiesIn([...bgp.accept, ...advertise]);
    const ofFamilies = (prefix: string): boolean => families.some((f) => f === familyOf(prefix));
    return {
      address: ends.remote,
      kind: 'peer' as const,
      description: `${tunnel.namespace}/${tunnel.connection}/${tunnel.tunnel}`,
      tunnel: tunnel.name,
      asn: bgp.asn,
      localAddress: ends.local,
      families,
      timers: {
        keepaliveSeconds: bgp.timers?.keepaliveSeconds ?? profile.keepaliveSeconds,
        holdSeconds: bgp.timers?.holdSeconds ?? profile.holdSeconds,
        connectRetrySeconds: CONNECT_RETRY_SECONDS,
      },
      ...(bfd === undefined ? {} : { bfd }),
      reach: ends.isConnected
        ? (bgp.ttlSecurity ?? profile.ttlSecurity)
          ? ('connected' as const)
          : ('any-ttl' as const)
        : ('unconnected' as const),
      ...(bgp.password === undefined
        ? {}
        : { password: secretUse(tunnel.namespace, bgp.password, secretFacts) }),
      accept: accept.filter(({ prefix }) => ofFamilies(prefix)),
      advertise: advertise.filter(ofFamilies),
      ...(others.length === 0
        ? {}
        : { standIn: { hosts: others, advertise: halves(advertise.filter(ofFamilies)) } }),
      transit: bgp.transit,
      maximumPrefixes: bgp.maximumPrefixes,
      localPreference: USUAL_PREFERENCE + declared.priority,
      community: `${gateway.spec.bgp?.asn ?? 0}:${OWNER.routeProtocol}:${interfaceIdOf(tunnel.name)}`,
    };
  });
}

/** Of our hosts with a tunnel to the same site. Sorted. */
function otherHosts({ connection, gateway, host }: PlacedConnection): string[] {
  const hosts = connection.spec.tunnels.flatMap((tunnel) => hostsOfTunnel(gateway, tunnel));
  return [...new Set(hosts)].filter((name) => name !== host.metadata.name).sort();
}

/** Of each prefix that can be cut in two. */
function halves(prefixes: readonly string[]): string[] {
  return sortPrefixes(
    parsePrefixes(prefixes).flatMap((prefix) => splitPrefix(prefix).map(formatPrefix)),
  );
}

function bfdOf(bgp: BgpRouting, profile: BgpProfile): BfdPlan | undefined {
  return bgp.bfd === 'off' ? undefined : (bgp.bfd ?? profile.bfd);
}

function endsOf(pair: InsidePair):
  | {
      readonly local: string;
      readonly remote: string;
      readonly family: Family;
      /** Both are in one subnet. */
      readonly isConnected: boolean;
    }
  | undefined {
  const local = parseInterfaceAddress(pair.local);
  if (local === undefined) return undefined;
  const { family } = local.address;
  return {
    ...{ local: formatAddress(local.address), remote: canonicalAddress(pair.remote), family },
    isConnected: local.subnet.length < widthOf(family),
  };
}

/** For nodes, which no BGP of another site tells whether a tunnel there is up. */
function declaredBy(tunnels: readonly PlacedConnection[]): string[] {
  return sortPrefixes(
    tunnels.flatMap(({ tunnel, gateway }) =>
      tunnel.enabled && tunnel.learned === undefined && gateway.spec.bgp !== undefined
        ? remotePrefixes(tunnel).filter((prefix) => tellsOf(gateway, prefix))
        : [],
    ),
  );
}

/**
 * They tell each other what they have learned: who has lost its tunnels sends by the others. Of declared networks they do
 * not: two partners may have the same, each behind a host of its own. That they live is worth a session all the same.
 */
function otherGateways(gateway: Gateway, { hostName, objects }: BgpContext): BgpNeighborPlan[] {
  const { namespace } = gateway.metadata;
  const ours = objects.hosts.get(objectKey(namespace, hostName));
  if (ours === undefined) return [];
  const { accepted, declared } = behind(gateway, objects);
  const session = {
    kind: 'gateway' as const,
    asn: gateway.spec.bgp?.asn ?? 0,
    transit: true,
    accept: accepted,
    networks: [...accepted.map(({ prefix }) => prefix), ...declared],
  };
  return gateway.spec.placement.hosts
    .filter((name) => name !== hostName)
    .flatMap((name) => objects.hosts.get(objectKey(namespace, name)) ?? [])
    .flatMap((other) => internalNeighbors(ours, other, session));
}

/** Where the other gateways are that BGP may lead packets to. */
export function relaysOf(context: BgpContext): string[] {
  const { hostName, objects } = context;
  const addresses = speakingGateways(context).flatMap(({ metadata, spec }) =>
    spec.placement.hosts
      .filter((name) => name !== hostName)
      .flatMap((name) => objects.hosts.get(objectKey(metadata.namespace, name)) ?? [])
      .flatMap(internalAddresses),
  );
  return [...new Set(addresses.map(canonicalAddress))].sort();
}

/** What lies behind nodes that are declared is declared as well: from them nothing has to be taken. */
function planNodes(
  gateways: readonly Gateway[],
  objects: DeclaredObjects,
): BgpNodesPlan | undefined {
  const declared = gateways.flatMap(({ spec }) => spec.bgp?.nodeRanges ?? []);
  const listed = parsePrefixes(declared);
  const nodes = gateways
    .flatMap(({ metadata }) => clusterOf(objects, metadata.namespace).nodes)
    .flatMap(internalAddresses)
    .flatMap((text) => parseAddress(text) ?? [])
    // FRR takes no range inside of another one.
    .filter((address) => !listed.some((range) => containsAddress(range, address)))
    .map((address) => `${formatAddress(address)}/${widthOf(address.family)}`);
  const ranges = sortPrefixes([...declared, ...nodes]);
  if (ranges.length === 0) return undefined;
  const networks = declared.length === 0 ? [] : gateways.flatMap(({ spec }) => spec.networks);
  return {
    ranges,
    ...INTERNAL,
    accept: sortPrefixes(networks).map(whole),
    refuse: around([...ranges, ...addressesIn(gateways, objects)], networks),
    maximumPrefixes: MOST_OF_NODE,
    limit: Math.max(MOST_NODES, ranges.length),
  };
}

/** Where gateways and their nodes are, as host prefixes, and the addresses that gateways hold in turn. */
function addressesIn(gateways: readonly Gateway[], objects: DeclaredObjects): string[] {
  return gateways
    .flatMap(({ metadata }) => {
      const { gatewayHosts, nodes } = clusterOf(objects, metadata.namespace);
      return [...gatewayHosts, ...nodes].flatMap(internalAddresses);
    })
    .concat(gateways.flatMap(virtualAddresses))
    .flatMap((text) => parseAddress(text) ?? [])
    .map((address) => `${formatAddress(address)}/${widthOf(address.family)}`);
}

/** Each prefix with all that hold it, as far as the networks go: no pattern says "what contains". */
function around(prefixes: readonly string[], networks: readonly string[]): PrefixRange[] {
  const outer = parsePrefixes(networks);
  const holders = parsePrefixes([...new Set(prefixes)]).flatMap((prefix) =>
    outer
      .filter((network) => containsPrefix(network, prefix))
      .flatMap(({ length }) =>
        Array.from({ length: prefix.length - length + 1 }, (_, more) =>
          formatPrefix(toPrefix(prefix, length + more)),
        ),
      ),
  );
  return sortPrefixes(holders).map(exactly);
}

/** The prefix and all inside it. */
function whole(prefix: string): PrefixRange {
  return { prefix, longest: widthOf(familyOf(prefix) ?? 4) };
}

/** Nobody outside may tell us of our own networks, nor of the subnets inside the tunnels. */
function refusedBy(
  gateways: readonly Gateway[],
  tunnels: readonly PlacedConnection[],
): PrefixRange[] {
  const inside = tunnels.flatMap(({ declared }) =>
    (declared.inside ?? []).flatMap(({ local }) => {
      const parsed = parseInterfaceAddress(local);
      return parsed === undefined ? [] : formatPrefix(parsed.subnet);
    }),
  );
  const ours = sortPrefixes([...gateways.flatMap(({ spec }) => spec.networks), ...inside]);
  return uniqueRanges([...NEVER, ...ours.map(whole)]);
}
