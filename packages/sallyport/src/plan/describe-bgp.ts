/** What a plan says of BGP, as a network engineer would note it down. */
import { formatDuration } from '../lib/format.ts';
import type { BfdPlan, BgpNeighborPlan, BgpPlan, PrefixRange } from './bgp-plan.ts';

/** A line each; below a neighbour what it is told and what is taken from it. */
export function describeBgp(bgp: BgpPlan): string[] {
  return [
    `AS ${bgp.asn}, router id ${bgp.routerId}; announces ${bgp.originate.join(', ') || 'nothing'}`,
    ...(bgp.declared === undefined
      ? []
      : [`tells nodes of ${bgp.declared.join(', ')}, of each while a tunnel leads there`]),
    ...(bgp.refuse.length === 0 ? [] : [`never takes ${bgp.refuse.map(formatRange).join(', ')}`]),
    ...(bgp.sources === undefined
      ? []
      : [`the host itself sends from ${bgp.sources.join(', ')} to what it learns`]),
    ...bgp.neighbors.flatMap(describeNeighbor),
    ...(bgp.nodes === undefined
      ? []
      : [
          `hosts in ${bgp.nodes.ranges.join(', ')} may call, at most ${bgp.nodes.limit}: reflected to, ${formatBfd(bgp.nodes.bfd)}`,
          `  takes ${bgp.nodes.accept.map(formatRange).join(', ') || 'nothing'}, at most ${bgp.nodes.maximumPrefixes} prefixes of each${bgp.nodes.refuse.length === 0 ? '' : ', nothing in which our hosts are'}`,
        ]),
  ];
}

const REACH_TEXT = {
  connected: ', only packets with TTL 255',
  'any-ttl': '',
  unconnected: ', in no subnet of ours',
} as const;

function describeNeighbor(neighbor: BgpNeighborPlan): string[] {
  const { timers, transit, advertise, standIn, localPreference } = neighbor;
  const told = [...advertise, ...(transit ? ['what others have told us'] : [])];
  return [
    `${neighbor.address} AS ${neighbor.asn}, ${neighbor.description}, from ${neighbor.localAddress}${REACH_TEXT[neighbor.reach]}${neighbor.password === undefined ? '' : `, MD5 with Secret ${neighbor.password.name}`}`,
    `  keepalive ${formatDuration(timers.keepaliveSeconds)}, hold ${formatDuration(timers.holdSeconds)}; ${formatBfd(neighbor.bfd)}`,
    `  told ${told.length === 0 ? 'nothing' : told.join(', ')}`,
    ...(standIn === undefined
      ? []
      : [
          `  told also ${standIn.advertise.join(', ')} while ${standIn.hosts.join(' or ')} is silent`,
        ]),
    `  takes ${neighbor.accept.map(formatRange).join(', ') || 'nothing'}; at most ${neighbor.maximumPrefixes} prefixes${localPreference === undefined ? '' : `; local preference ${localPreference}`}`,
  ];
}

function formatBfd(bfd: BfdPlan | undefined): string {
  return bfd === undefined ? 'no BFD' : `BFD ${bfd.intervalMilliseconds} ms x ${bfd.multiplier}`;
}

/** `10.20.0.0/16 to /28`. */
export function formatRange({ prefix, longest }: PrefixRange): string {
  return prefix.endsWith(`/${longest}`) ? prefix : `${prefix} to /${longest}`;
}
