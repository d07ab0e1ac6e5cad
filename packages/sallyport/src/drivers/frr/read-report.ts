/** Asks our daemons what they really do: a few commands, however many neighbours are there. */
import { OWNER } from '../../plan/host-plan.ts';
import type {
  BgpReport,
  BgpSessionReport,
  LearnedPrefix,
  LearnedReport,
} from '../../status/bgp-report.ts';
import { parseBgpConfig, parseVersion } from './parse-config.ts';
import {
  type NeighborReading,
  parseBfdPeers,
  parseNeighbors,
  parseReceived,
  parseRouteCounts,
  parseRoutes,
} from './parse-report.ts';

/** Answers commands that only show. */
export interface Shower {
  show(command: string, signal: AbortSignal): Promise<string>;
}

export interface Showers {
  readonly zebra: Shower;
  readonly bfdd: Shower;
  readonly bgpd: Shower;
}

/** In all; of more, zebra would be busy with nothing else. */
const MOST_PREFIXES = 500;
const TABLE = `table ${OWNER.learnedTable}`;

/** Undefined where no BGP is configured. */
export async function readReport(
  { zebra, bfdd, bgpd }: Showers,
  signal: AbortSignal,
): Promise<BgpReport | undefined> {
  const config = await bgpd.show('show running-config', signal);
  const { router } = parseBgpConfig(config);
  if (router === undefined) return undefined;
  const neighbors = parseNeighbors(await bgpd.show('show bgp neighbors json', signal));
  const bfd = parseBfdPeers(await bfdd.show('show bfd peers json', signal));
  const sessions: BgpSessionReport[] = [];
  for (const neighbor of neighbors) {
    const description = router.neighbors.get(neighbor.address)?.settings.get('description');
    const its = bfd.get(neighbor.address);
    sessions.push({
      ...(await withReceived(bgpd, neighbor, signal)),
      ...(description === undefined ? {} : { description }),
      ...(its === undefined ? {} : { bfd: its }),
    });
  }
  return {
    version: parseVersion(config),
    asn: Number(router.asn),
    routerId: router.settings.get('bgp router-id') ?? '',
    sessions,
    learned: await readLearned(zebra, signal),
  };
}

/** The only thing that each neighbour has to be asked for by itself. */
async function withReceived(
  bgpd: Shower,
  neighbor: NeighborReading,
  signal: AbortSignal,
): Promise<NeighborReading> {
  const families: NeighborReading['families'][number][] = [];
  for (const one of neighbor.families) {
    const command = `show bgp ipv${one.family} unicast neighbors ${neighbor.address} prefix-counts json`;
    const received = parseReceived(await bgpd.show(command, signal)) ?? one.received;
    families.push({ ...one, received });
  }
  return { ...neighbor, families };
}

async function readLearned(zebra: Shower, signal: AbortSignal): Promise<LearnedReport> {
  const counts = [];
  for (const ip of ['ip', 'ipv6'])
    counts.push(
      parseRouteCounts(await zebra.show(`show ${ip} route summary ${TABLE} json`, signal)),
    );
  const total = counts.reduce((sum, one) => sum + one.total, 0);
  const prefixes: LearnedPrefix[] = [];
  if (total > 0 && total <= MOST_PREFIXES) {
    for (const ip of ['ip', 'ipv6'])
      prefixes.push(...parseRoutes(await zebra.show(`show ${ip} route ${TABLE} json`, signal)));
  }
  return {
    total,
    installed: counts.reduce((sum, one) => sum + one.installed, 0),
    ...(total <= MOST_PREFIXES ? { prefixes } : {}),
  };
}
