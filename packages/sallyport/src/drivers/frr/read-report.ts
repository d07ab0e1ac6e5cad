/**
 * Asks our daemons what they really do: a few commands, and one for each family of a neighbour outside, or two where
 * that was told something since.
 */
import { OWNER } from '../../plan/host-plan.ts';
import {
  type BgpFamilyReport,
  type BgpReport,
  type BgpSessionReport,
  type LearnedPrefix,
  type LearnedReport,
  MOST_PREFIXES,
} from '../../status/bgp-report.ts';
import {
  type NeighborReading,
  parseBfdPeers,
  parseNeighbors,
  parseReceived,
  parseRouteCounts,
  parseRoutes,
} from './parse-report.ts';
import { type AdvertisedReader, keyOf } from './read-advertised.ts';
import type { Shower } from './shower.ts';
import type { ObservedFrr, RouterConfig } from './state.ts';

export interface Showers {
  readonly zebra: Shower;
  readonly bfdd: Shower;
  readonly bgpd: Shower;
}

const TABLE = `table ${OWNER.learnedTable}`;

/** Undefined where no BGP is configured. */
export async function readReport(
  { zebra, bfdd, bgpd }: Showers,
  { version, config: { router } }: Pick<ObservedFrr, 'version' | 'config'>,
  advertised: AdvertisedReader,
  signal: AbortSignal,
): Promise<BgpReport | undefined> {
  if (router === undefined) return undefined;
  const neighbors = parseNeighbors(await bgpd.show('show bgp neighbors json', signal));
  const bfd = parseBfdPeers(await bfdd.show('show bfd peers json', signal));
  const outside = new Set(neighbors.filter((neighbor) => isExternal(neighbor, router)));
  const told = await advertised.read([...outside], signal);
  const sessions: BgpSessionReport[] = [];
  for (const neighbor of neighbors) {
    const { updatesSent: _, ...session } = neighbor;
    const description = router.neighbors.get(neighbor.address)?.settings.get('description');
    const its = bfd.get(neighbor.address);
    sessions.push({
      ...session,
      ...(outside.has(neighbor)
        ? { families: await withPrefixes(neighbor, { bgpd, told }, signal) }
        : {}),
      ...(description === undefined ? {} : { description }),
      ...(its === undefined ? {} : { bfd: its }),
    });
  }
  return {
    version,
    asn: Number(router.asn),
    routerId: router.settings.get('bgp router-id') ?? '',
    sessions,
    learned: await readLearned(zebra, signal),
  };
}

/** Of others, callers among them, bgpd would walk its table a thousand times, to find that all was accepted. */
function isExternal({ address, asn }: NeighborReading, router: RouterConfig): boolean {
  return router.neighbors.has(address) && asn !== Number(router.asn);
}

/** What it tells, of which policy may refuse a part, and what it is told. */
async function withPrefixes(
  { address, families }: NeighborReading,
  asked: { readonly bgpd: Shower; readonly told: ReadonlyMap<string, readonly string[]> },
  signal: AbortSignal,
): Promise<BgpFamilyReport[]> {
  const completed: BgpFamilyReport[] = [];
  for (const one of families) {
    const command = `show bgp ipv${one.family} unicast neighbors ${address} prefix-counts json`;
    const received = parseReceived(await asked.bgpd.show(command, signal)) ?? one.received;
    const advertisedPrefixes = asked.told.get(keyOf(address, one.family));
    completed.push({
      ...{ ...one, received },
      ...(advertisedPrefixes === undefined ? {} : { advertisedPrefixes }),
    });
  }
  return completed;
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
