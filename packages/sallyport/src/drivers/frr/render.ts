/**
 * The plan as FRR prints its own configuration, so that both can be compared: defaults are left out
 * where FRR leaves them out.
 */
import { FAMILIES, type Family, familyOf } from '../../lib/prefix.ts';
import {
  type BfdPlan,
  type BgpNeighborPlan,
  type BgpNodesPlan,
  type BgpPlan,
  type BgpTimers,
  exactly,
  LAST_PREFERENCE,
  type PrefixRange,
} from '../../plan/bgp-plan.ts';
import { OWNER } from '../../plan/host-plan.ts';
import {
  LAST_MAP,
  LEARNED_LIST,
  NODES_GROUP,
  NODES_REFUSE_LIST,
  NOWHERE_MAP,
  OWN_AS_LIST,
  policyName,
  prefixListOf,
  profileName,
  REFUSE_LIST,
  sourceKey,
  sourceMapName,
} from './names.ts';
import { limitOf } from './prefix-limit.ts';
import {
  type FamilyConfig,
  type FrrConfig,
  type FrrDesired,
  type NeighborConfig,
  NO_CONFIG,
  type RouteMap,
  type RouteMapEntry,
  type Settings,
  type ZebraConfig,
} from './state.ts';

/** Of a fingerprint: enough to tell another content. */
const TOLD_DIGITS = 12;
/** Next hops of one prefix. */
const MULTIPATH = '8';

export function renderFrr({ bgp }: FrrDesired): FrrConfig {
  if (bgp === undefined) return NO_CONFIG;
  const lists = new Map<string, ReadonlySet<string>>();
  const routeMaps = new Map<string, RouteMap>();
  const neighbors = new Map<string, NeighborConfig>();
  const profiles = [...bgp.neighbors, bgp.nodes].flatMap((one) => one?.bfd ?? []);
  const { declared = [] } = bgp;

  lists.set(`bgp as-path access-list ${OWN_AS_LIST}`, new Set([`permit _${bgp.asn}_`]));
  lists.set(
    `bgp large-community-list expanded ${LEARNED_LIST}`,
    new Set([`permit _${bgp.asn}:${OWNER.routeProtocol}:`]),
  );
  for (const family of FAMILIES) {
    addList(lists, REFUSE_LIST, family, bgp.refuse);
    addList(lists, NODES_REFUSE_LIST, family, bgp.nodes?.refuse ?? []);
  }
  const addPolicies = (name: string, families: readonly Family[], policy: Policy): void => {
    for (const family of families) {
      const into = policyName(name, family, 'in');
      const out = policyName(name, family, 'out');
      addList(lists, into, family, policy.accept);
      addList(lists, out, family, policy.advertise.map(exactly));
      routeMaps.set(into, renderIn(policy, into, family));
      routeMaps.set(out, renderOut(policy, bgp.asn, out, family));
    }
  };
  // There before it is needed: a route map that changes takes effect a second later.
  if (bgp.declared !== undefined)
    routeMaps.set(
      LAST_MAP,
      new Map([[10, entry('permit', [['set local-preference', String(LAST_PREFERENCE)]])]]),
    );
  if (isNode(bgp)) routeMaps.set(NOWHERE_MAP, new Map([[10, entry('deny', [])]]));
  for (const source of bgp.sources ?? [])
    routeMaps.set(sourceMapName(source), new Map([[10, entry('permit', [])]]));
  // FRR prints groups first, and they have to be there first.
  if (bgp.nodes !== undefined) {
    addPolicies(NODES_GROUP, FAMILIES, {
      ...bgp.nodes,
      ...{ advertise: declared, isPeer: false, hasV6NextHops: false, transit: true },
      refuseList: NODES_REFUSE_LIST,
    });
    neighbors.set(NODES_GROUP, renderNodes(bgp.nodes, bgp.asn));
  }
  for (const neighbor of bgp.neighbors) {
    const isPeer = neighbor.kind === 'peer';
    const hasV6NextHops = familyOf(neighbor.address) === 6;
    addPolicies(neighbor.address, neighbor.families, {
      ...{ ...neighbor, isPeer, hasV6NextHops },
      ...(isPeer ? { refuseList: REFUSE_LIST } : {}),
    });
    neighbors.set(neighbor.address, renderNeighbor(neighbor));
  }
  return {
    profiles: new Map(profiles.map((bfd) => [profileName(bfd), renderProfile(bfd)])),
    // With 0 a changed route map takes effect only after a clear.
    general: new Map([['bgp route-map delay-timer', '1']]),
    lists,
    routeMaps,
    router: {
      asn: String(bgp.asn),
      settings: settingsOf([
        ['bgp router-id', bgp.routerId],
        ['bgp log-neighbor-changes'],
        ['no bgp default ipv4-unicast'],
        bgp.gracefulShutdown === true && ['bgp graceful-shutdown'],
        ['bgp bestpath as-path multipath-relax'],
        // What is announced is declared, and need not be in the main table as one route.
        ['no bgp network import-check'],
        bgp.nodes !== undefined && ['bgp listen limit', String(bgp.nodes.limit)],
      ]),
      families: new Map(FAMILIES.map((family) => [family, renderFamily(bgp, family)])),
      listenRanges: new Map(bgp.nodes?.ranges.map((range) => [range, NODES_GROUP])),
      neighbors,
    },
    zebra: renderZebra(bgp),
  };
}

/** FRR user guide, zebra: "zebra Route Filtering". */
function renderZebra(bgp: BgpPlan): ZebraConfig {
  return {
    routeMaps: new Map(
      (bgp.sources ?? []).map((source) => [
        sourceMapName(source),
        new Map([[10, entry('permit', [['set src', source]])]]),
      ]),
    ),
    protocols: settingsOf(
      FAMILIES.map((family) => {
        const source = sourceOf(bgp, family);
        return source !== undefined && [sourceKey(family), sourceMapName(source)];
      }),
    ),
  };
}

function sourceOf({ sources = [] }: BgpPlan, family: Family): string | undefined {
  return sources.find((address) => familyOf(address) === family);
}

interface Policy
  extends Pick<BgpNeighborPlan, 'accept' | 'advertise' | 'transit'>,
    Partial<Pick<BgpNeighborPlan, 'community' | 'localPreference' | 'prepend'>> {
  readonly isPeer: boolean;
  /** Of what is never taken, whatever `accept` says. */
  readonly refuseList?: string;
  /** Also of prefixes of IPv4. */
  readonly hasV6NextHops: boolean;
}

function renderIn(policy: Policy, list: string, family: Family): RouteMap {
  const { isPeer, refuseList, hasV6NextHops, community, localPreference } = policy;
  return new Map([
    ...(refuseList === undefined
      ? []
      : ([[10, entry('deny', [matchList(refuseList, family)])]] as const)),
    ...(isPeer ? ([[20, entry('deny', [['match as-path', OWN_AS_LIST]])]] as const) : []),
    [
      30,
      entry('permit', [
        matchList(list, family),
        // Without `additive`: who is outside of our AS says nothing by our communities.
        community !== undefined && ['set large-community', community],
        // Link-local next hops need not be reachable through a tunnel.
        (family === 6 || hasV6NextHops) && ['set ipv6 next-hop prefer-global'],
        localPreference !== undefined && ['set local-preference', String(localPreference)],
        ['set table', String(OWNER.learnedTable)],
      ]),
    ],
  ]);
}

function renderOut(
  { transit, prepend = 0 }: Policy,
  asn: number,
  list: string,
  family: Family,
): RouteMap {
  const learned: Line = ['match large-community', LEARNED_LIST];
  const longer: Line | false = prepend > 0 && [
    'set as-path prepend',
    Array.from({ length: prepend }, () => asn).join(' '),
  ];
  return new Map([
    [10, transit ? entry('permit', [learned, longer]) : entry('deny', [learned])],
    [20, entry('permit', [matchList(list, family), longer])],
  ]);
}

function renderNeighbor(neighbor: BgpNeighborPlan): NeighborConfig {
  const { password, bfd, reach, families, maximumPrefixes } = neighbor;
  const isPeer = neighbor.kind === 'peer';
  return {
    settings: settingsOf([
      ['remote-as', String(neighbor.asn)],
      ['description', neighbor.description],
      neighbor.shutdown === true && ['shutdown'],
      bfd !== undefined && ['bfd profile', profileName(bfd)],
      password !== undefined && ['password', password.fingerprint.slice(0, TOLD_DIGITS)],
      reach === 'connected' && isPeer && ['ttl-security hops', '1'],
      reach === 'unconnected' && ['disable-connected-check'],
      ['update-source', neighbor.localAddress],
      ...renderTimers(neighbor.timers),
      // RFC 8950: else prefixes of IPv4 have no next hop there.
      familyOf(neighbor.address) === 6 && families.includes(4) && ['capability extended-nexthop'],
      // A gateway that is gone must not keep its routes for two minutes.
      isPeer && ['graceful-restart-disable'],
    ]),
    families: new Map(
      families.map((family) => [
        family,
        settingsOf([
          ...familyPolicy(neighbor.address, family),
          neighbor.kind === 'gateway' && ['next-hop-self'],
          ['maximum-prefix', limitOf(maximumPrefixes)],
        ]),
      ]),
    ),
    ...(password === undefined ? {} : { password }),
  };
}

function renderNodes({ bfd, timers, maximumPrefixes }: BgpNodesPlan, asn: number): NeighborConfig {
  return {
    settings: settingsOf([
      ['peer-group'],
      ['remote-as', String(asn)],
      bfd !== undefined && ['bfd profile', profileName(bfd)],
      ...renderTimers(timers),
    ]),
    families: new Map(
      FAMILIES.map((family) => [
        family,
        settingsOf([
          ...familyPolicy(NODES_GROUP, family),
          ['route-reflector-client'],
          // Not of what is reflected: nodes reach the other gateway, and each other, themselves.
          ['next-hop-self'],
          ['maximum-prefix', limitOf(maximumPrefixes)],
        ]),
      ]),
    ),
  };
}

function renderProfile({ intervalMilliseconds, multiplier }: BfdPlan): Settings {
  return settingsOf([
    ['transmit-interval', String(intervalMilliseconds)],
    ['receive-interval', String(intervalMilliseconds)],
    ['detect-multiplier', String(multiplier)],
  ]);
}

/** FRR keeps the keepalive at a third of the hold time at most. */
function renderTimers({ keepaliveSeconds, holdSeconds, connectRetrySeconds }: BgpTimers): Line[] {
  const keepalive = Math.min(keepaliveSeconds, Math.floor(holdSeconds / 3));
  return [
    ['timers', `${keepalive} ${holdSeconds}`],
    ['timers connect', String(connectRetrySeconds)],
  ];
}

function familyPolicy(neighbor: string, family: Family): Line[] {
  return [
    ['soft-reconfiguration inbound'],
    ['route-map in', policyName(neighbor, family, 'in')],
    ['route-map out', policyName(neighbor, family, 'out')],
    ['activate'],
  ];
}

/** What it is told goes by groups of next hops, which zebra cannot make: the agent does. */
function isNode({ neighbors }: BgpPlan): boolean {
  return neighbors.some(({ kind }) => kind === 'reflector');
}

function renderFamily(bgp: BgpPlan, family: Family): FamilyConfig {
  const source = sourceOf(bgp, family);
  const [unreached, doubtful] = [new Set(bgp.unreached), new Set(bgp.doubtful)];
  const isOfFamily = (prefix: string): boolean => familyOf(prefix) === family;
  return {
    settings: settingsOf([
      ['maximum-paths', MULTIPATH],
      ['maximum-paths ibgp', MULTIPATH],
      isNode(bgp) && ['table-map', NOWHERE_MAP],
      // A route map of zebra does nothing to routes of our table that are there (zebra_rib_table_rm_update()). With another
      // name here bgpd tells it all of them once more (bgp_table_map_set()).
      source !== undefined && ['table-map', sourceMapName(source)],
    ]),
    networks: new Map([
      ...bgp.originate.filter(isOfFamily).map((prefix) => [prefix, ''] as const),
      ...(bgp.declared ?? [])
        .filter((prefix) => isOfFamily(prefix) && !unreached.has(prefix))
        .map((prefix) => [prefix, doubtful.has(prefix) ? `route-map ${LAST_MAP}` : ''] as const),
    ]),
  };
}

/** Without entries there is no list in FRR, and nothing matches it. */
function addList(
  lists: Map<string, ReadonlySet<string>>,
  name: string,
  family: Family,
  ranges: readonly PrefixRange[],
): void {
  const entries = ranges
    .filter(({ prefix }) => familyOf(prefix) === family)
    .map(({ prefix, longest }) =>
      longest > lengthOf(prefix) ? `permit ${prefix} le ${longest}` : `permit ${prefix}`,
    );
  if (entries.length > 0) lists.set(prefixListOf(name, family), new Set(entries));
}

function lengthOf(prefix: string): number {
  return Number(prefix.split('/')[1]);
}

function matchList(name: string, family: Family): Line {
  return [`match ${family === 4 ? 'ip' : 'ipv6'} address prefix-list`, name];
}

function entry(action: RouteMapEntry['action'], lines: readonly (Line | false)[]): RouteMapEntry {
  return { action, settings: settingsOf(lines) };
}

type Line = readonly [key: string, value?: string];

function settingsOf(lines: readonly (Line | false)[]): Settings {
  return new Map(lines.filter((line) => line !== false).map(([key, value = '']) => [key, value]));
}
