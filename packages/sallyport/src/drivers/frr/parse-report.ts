/** What FRR 8.4 prints as JSON, in our terms. Any field may be missing: other versions have other ones. */
import { canonicalAddress } from '../../lib/canonical-address.ts';
import { isJson, type Json, textOf } from '../../lib/json-fields.ts';
import { comparePrefixes, FAMILIES, type Family, parsePrefix } from '../../lib/prefix.ts';
import type {
  BfdReport,
  BgpFamilyReport,
  BgpSessionReport,
  BgpState,
  LearnedPrefix,
} from '../../status/bgp-report.ts';

const STATES: ReadonlyMap<string, BgpState> = new Map([
  ['Connect', 'connect'],
  ['Active', 'active'],
  ['OpenSent', 'open-sent'],
  ['OpenConfirm', 'open-confirm'],
  ['Established', 'established'],
]);

const BFD_STATES: ReadonlyMap<string, BfdReport['state']> = new Map([
  ['up', 'up'],
  ['init', 'init'],
  ['shutdown', 'stopped'],
]);

/** What FRR tells as the last reset while it only waits: no session has ended for it. */
const NO_RESETS: readonly string[] = [
  'No AFI/SAFI activated for peer',
  'Waiting for peer OPEN',
  'Waiting for NHT',
  'Waiting for Peer IPv6 LLA',
  'Waiting for VRF to be initialized',
];

/** FRR prints nothing, or words, where it has nothing to show. */
export function parseObject(text: string): Json {
  try {
    const value: unknown = JSON.parse(text);
    return isJson(value) ? value : {};
  } catch {
    return {};
  }
}

/** A session as `show bgp neighbors json` has it, without what other commands tell. */
export interface NeighborReading extends Omit<BgpSessionReport, 'description' | 'bfd'> {
  /** UPDATE messages of all its sessions: it was told something since where this is another number. */
  readonly updatesSent: number;
}

/** Sorted by address. */
export function parseNeighbors(text: string): NeighborReading[] {
  return Object.entries(parseObject(text))
    .flatMap(([address, row]) => (isJson(row) ? [readNeighbor(address, row)] : []))
    .sort((a, b) => (a.address < b.address ? -1 : 1));
}

function readNeighbor(address: string, row: Json): NeighborReading {
  const state = stateOf(row);
  const isUp = state === 'established';
  const since = numberOf(row, 'bgpTimerUpEstablishedEpoch');
  const hold = numberOf(row, 'bgpTimerHoldTimeMsecs');
  const keepalive = numberOf(row, 'bgpTimerKeepAliveIntervalMsecs');
  const lost = numberOf(row, 'connectionsDropped') ?? 0;
  const reason = textOf(row, 'lastResetDueTo');
  const notification = textOf(row, 'lastNotificationReason');
  return {
    ...{ address, state },
    asn: numberOf(row, 'remoteAs') ?? 0,
    ...(isUp && since !== undefined
      ? { establishedSince: new Date(since * 1_000).toISOString() }
      : {}),
    timesEstablished: numberOf(row, 'connectionsEstablished') ?? 0,
    timesLost: lost,
    updatesSent: isJson(row['messageStats'])
      ? (numberOf(row['messageStats'], 'updatesSent') ?? 0)
      : 0,
    ...(isUp && hold !== undefined ? { holdSeconds: hold / 1_000 } : {}),
    ...(isUp && keepalive !== undefined ? { keepaliveSeconds: keepalive / 1_000 } : {}),
    families: isUp ? FAMILIES.flatMap((family) => readFamily(row, family)) : [],
    // Also of an attempt that came to nothing, as with another autonomous system.
    ...((lost > 0 || notification !== undefined) &&
    reason !== undefined &&
    !NO_RESETS.includes(reason)
      ? {
          lastReset: {
            reason,
            ...(notification === undefined ? {} : { notification }),
            secondsAgo: (numberOf(row, 'lastResetTimerMsecs') ?? 0) / 1_000,
          },
        }
      : {}),
  };
}

function stateOf(row: Json): BgpState {
  if (row['adminShutDown'] === true) return 'stopped';
  return STATES.get(textOf(row, 'bgpState') ?? '') ?? 'idle';
}

/** What was received is told by {@link parseReceived}. */
function readFamily(row: Json, family: Family): BgpFamilyReport[] {
  const families = row['addressFamilyInfo'];
  const own = isJson(families) ? families[`ipv${family}Unicast`] : undefined;
  if (!isJson(own)) return [];
  const limit = numberOf(own, 'prefixAllowedMax');
  const accepted = numberOf(own, 'acceptedPrefixCounter') ?? 0;
  return [
    {
      ...{ family, accepted },
      received: accepted,
      advertised: numberOf(own, 'sentPrefixCounter') ?? 0,
      ...(limit === undefined ? {} : { limit }),
    },
  ];
}

/** `show bgp ipv4 unicast neighbors … prefix-counts json`: before any policy. */
export function parseReceived(text: string): number | undefined {
  const counters = parseObject(text)['ribTableWalkCounters'];
  return isJson(counters) ? numberOf(counters, 'Adj-in') : undefined;
}

/** `show bgp ipv4 unicast neighbors … advertised-routes json`: behind any policy; sorted. */
export function parseAdvertised(text: string): string[] {
  const routes = parseObject(text)['advertisedRoutes'];
  return isJson(routes) ? Object.keys(routes).sort(comparePrefixTexts) : [];
}

/** `show interface brief json` of zebra. */
export function parseAddresses(text: string): Set<string> {
  const rows = Object.values(parseObject(text)).filter(isJson);
  const addresses = rows.flatMap(({ addresses: own }): unknown[] =>
    Array.isArray(own) ? own : [],
  );
  return new Set(
    addresses
      .filter((one) => typeof one === 'string')
      .map((one) => canonicalAddress(one.split('/')[0] ?? '')),
  );
}

/** By address of the neighbour. */
export function parseBfdPeers(text: string): ReadonlyMap<string, BfdReport> {
  const rows = Object.values(parseObject(text)).filter(isJson);
  return new Map(rows.map((row) => [textOf(row, 'peer') ?? '', readBfd(row)]));
}

/** RFC 5880 §6.8.3 and §6.8.4: what both sides can do, and how many the other side says may be missed. */
function readBfd(row: Json): BfdReport {
  const value = (key: string): number => numberOf(row, key) ?? 0;
  const diagnostic = textOf(row, 'diagnostic');
  return {
    state: BFD_STATES.get(textOf(row, 'status') ?? '') ?? 'down',
    transmitMilliseconds: Math.max(value('transmit-interval'), value('remote-receive-interval')),
    detectMilliseconds:
      value('remote-detect-multiplier') *
      Math.max(value('receive-interval'), value('remote-transmit-interval')),
    ...(diagnostic === undefined || diagnostic === 'ok' ? {} : { diagnostic }),
  };
}

/** `show ip route summary table … json`. */
export function parseRouteCounts(text: string): {
  readonly total: number;
  readonly installed: number;
} {
  const row = parseObject(text);
  return {
    total: numberOf(row, 'routesTotal') ?? 0,
    installed: numberOf(row, 'routesTotalFib') ?? 0,
  };
}

/** `show ip route table … json`; sorted. */
export function parseRoutes(text: string): LearnedPrefix[] {
  return Object.entries(parseObject(text))
    .flatMap(([prefix, rows]) => {
      const [row] = Array.isArray(rows) ? rows.filter(isJson) : [];
      return row === undefined ? [] : [readRoute(prefix, row)];
    })
    .sort((a, b) => comparePrefixTexts(a.prefix, b.prefix));
}

function readRoute(prefix: string, row: Json): LearnedPrefix {
  const hops = Array.isArray(row['nexthops']) ? row['nexthops'].filter(isJson) : [];
  return {
    prefix,
    // Of those through others, the ones that they lead to are there, too.
    nextHops: hops
      .filter(({ fib }) => fib === true || row['installed'] !== true)
      .flatMap((hop) => textOf(hop, 'ip') ?? textOf(hop, 'interfaceName') ?? [])
      .sort(),
    installed: row['installed'] === true,
  };
}

function comparePrefixTexts(a: string, b: string): number {
  const [first, second] = [parsePrefix(a), parsePrefix(b)];
  return first.ok && second.ok ? comparePrefixes(first.prefix, second.prefix) : 0;
}

export function numberOf(row: Json, key: string): number | undefined {
  const value = row[key];
  return typeof value === 'number' ? value : undefined;
}
