/** What of a drain is still to come: what passes the host between two reports, and what keeps it there. Pure. */
import {
  type BgpReport,
  type BgpSessionReport,
  isEstablished,
  type LearnedPrefix,
} from './bgp-report.ts';
import type { DrainReport, ForwardedReport } from './drain-report.ts';
import type { HostReport } from './host-report.ts';

/** Packets of others that pass this host still. */
export interface Flow {
  /** Names of the tunnels that share the interface; empty: beside all interfaces of tunnels, as to another gateway of ours. */
  readonly tunnels: readonly string[];
  /** `in`: from another site. */
  readonly direction: 'in' | 'out';
  readonly packets: number;
}

/** Undefined where packets were not counted both times. */
export function flowsBetween(
  before: DrainReport | undefined,
  after: DrainReport | undefined,
): Flow[] | undefined {
  if (before?.forwarded === undefined || after?.forwarded === undefined) return undefined;
  const was = new Map(before.forwarded.map((one) => [one.tunnels.join(' '), one]));
  return after.forwarded.flatMap((is) => growthOf(was.get(is.tunnels.join(' ')), is));
}

function growthOf(was: ForwardedReport | undefined, is: ForwardedReport): Flow[] {
  const flow = (direction: Flow['direction'], before: number, after: number): Flow[] => {
    // Counters begin anew with each change of the firewall.
    const packets = after < before ? after : after - before;
    return packets === 0 ? [] : [{ tunnels: is.tunnels, direction, packets }];
  };
  return [
    ...flow('in', was?.packetsIn ?? 0, is.packetsIn),
    ...flow('out', was?.packetsOut ?? 0, is.packetsOut),
  ];
}

/** Other gateways of ours with which this host speaks BGP now, in words. */
export function otherGateways({ bgp }: HostReport): string[] {
  const names = (bgp?.sessions ?? [])
    .filter((session) => isGateway(session) && isEstablished(session))
    .flatMap(({ description }) => description ?? []);
  // With one there may be a session for each family.
  return [...new Set(names)];
}

/**
 * Whether anything here could lead packets to another host. Another gateway that prefers us tells nothing before we are
 * drained: whether it has ways of its own shows then ({@link lonelinessOf}).
 */
export function canMove(report: HostReport): boolean {
  return otherGateways(report).length > 0 || (report.vrrp ?? []).length > 0;
}

/** Inside a tunnel a neighbour is of another site; hosts of the cluster that call are not described. */
function isGateway({ description, tunnel }: BgpSessionReport): boolean {
  return description !== undefined && tunnel === undefined;
}

/** Tunnels with an established session of BGP, whose networks another gateway of ours would lead to, too. */
export function canRest({ bgp }: HostReport, tunnel: string): boolean {
  if (bgp === undefined) return false;
  const own = bgp.sessions.filter((session) => session.tunnel === tunnel);
  return own.some(isEstablished) && !isAlone(bgp, own);
}

/** Another gateway that knows a prefix is preferred by a host that is drained: its own ways are those without one. */
function isAlone({ sessions, learned }: BgpReport, own: readonly BgpSessionReport[]): boolean {
  const { prefixes } = learned;
  if (prefixes === undefined) return acceptedIn(sessions.filter(isGateway)) < acceptedIn(own);
  return prefixesBy(own, prefixes).length > 0;
}

function prefixesBy(
  sessions: readonly BgpSessionReport[],
  prefixes: readonly LearnedPrefix[],
): string[] {
  const addresses = new Set(sessions.map(({ address }) => address));
  return prefixes
    .filter(({ nextHops }) => nextHops.some((hop) => addresses.has(hop)))
    .map(({ prefix }) => prefix);
}

/**
 * What would be cut off, in words, whether or not packets flow now: a drained host leads by itself only to what no gateway
 * leads to that is not drained.
 */
export function lonelinessOf({ bgp }: HostReport): string[] {
  if (bgp === undefined) return [];
  const own = bgp.sessions.filter(({ tunnel }) => tunnel !== undefined).filter(isEstablished);
  const { prefixes } = bgp.learned;
  if (prefixes === undefined) {
    const [told, ours] = [acceptedIn(bgp.sessions.filter(isGateway)), acceptedIn(own)];
    return told < ours
      ? [`of ${ours} networks other gateways lead to ${told}: ${WITHOUT_OTHERS}`]
      : [];
  }
  const [first, ...more] = prefixesBy(own, prefixes);
  if (first === undefined) return [];
  const rest = more.length === 0 ? '' : ` and ${more.length} more`;
  return [`no other gateway leads to ${first}${rest}: ${WITHOUT_OTHERS}`];
}

const WITHOUT_OTHERS =
  'none is known to, or they are drained as well; undrain one, or see its tunnels';

/** The most that one of them has told, in all its sessions. */
function acceptedIn(sessions: readonly BgpSessionReport[]): number {
  const bySpeaker = Map.groupBy(sessions, ({ description, address }) => description ?? address);
  const counts = [...bySpeaker.values()].map((its) =>
    its
      .flatMap(({ families }) => families)
      .reduce((sum: number, { accepted }) => sum + accepted, 0),
  );
  return Math.max(0, ...counts);
}

/** Why the host may not be stopped yet, whatever flows, in words. */
export function obstaclesOf(report: HostReport): string[] {
  const { drain, differences, vrrp = [] } = report;
  return [
    ...(drain === undefined ? ['the host is not drained any more'] : []),
    ...(drain !== undefined && drain.forwarded === undefined
      ? ['what passes it cannot be counted']
      : []),
    ...new Set(differences.map(({ text }) => `not in effect yet: ${text}`)),
    ...vrrp
      .filter(({ held }) => held.length > 0)
      .map(({ held, why }) => `it holds ${held.join(', ')}: ${why}`),
    ...vrrp
      .filter(({ heldInDoubt }) => heldInDoubt === true)
      .map(({ addresses, why }) => `${addresses.join(', ')}: ${why}`),
  ];
}

/** A flow, and what it would take to move it, in words a person can act on. */
export function describeFlow({ tunnels, direction, packets }: Flow, report: HostReport): string {
  const [tunnel, ...more] = tunnels;
  const place = tunnels.join(' and ');
  const count = `${packets} ${packets === 1 ? 'packet' : 'packets'}`;
  if (direction === 'out')
    return `${count} ${tunnel === undefined ? 'on to another way' : `into ${place}`}: hosts on the LAN still send by this host; look at their routes`;
  if (tunnel === undefined) return `${count} from other sites beside the tunnels' interfaces`;
  if (more.length > 0)
    return `${count} out of ${place}: they share an interface, so only the other sides can tell which of them still sends`;
  return `${count} out of ${place}: ${whyInbound(tunnel, report)}`;
}

function whyInbound(tunnel: string, { bgp, drain }: HostReport): string {
  const sessions = (bgp?.sessions ?? []).filter((session) => session.tunnel === tunnel);
  if (sessions.length === 0)
    return 'its routes are static, so only the other side can send them another way';
  if (drain?.resting.includes(tunnel) === true)
    return 'BGP inside has ended, and the other side sends all the same';
  return 'no other gateway of ours is known to lead to its networks, so BGP inside goes on';
}
