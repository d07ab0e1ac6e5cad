/** What other sites are really told, read back from bgpd; asked for again only where something was told since. */
import type { Family } from '../../lib/prefix.ts';
import { MOST_ADVERTISED, MOST_PREFIXES } from '../../status/bgp-report.ts';
import { type NeighborReading, parseAdvertised } from './parse-report.ts';
import type { Shower } from './shower.ts';

interface Told {
  /** Of the neighbour, as it was when this was read. */
  readonly state: string;
  readonly prefixes: readonly string[];
}

export class AdvertisedReader {
  readonly #bgpd: Shower;
  #told: ReadonlyMap<string, Told> = new Map();

  constructor(bgpd: Shower) {
    this.#bgpd = bgpd;
  }

  /** Of neighbours as they are now: the first prefixes of each family that is not told too many, by {@link keyOf}. */
  async read(
    neighbors: readonly NeighborReading[],
    signal: AbortSignal,
  ): Promise<ReadonlyMap<string, readonly string[]>> {
    const told = new Map<string, Told>();
    for (const { address, timesEstablished, updatesSent, families } of neighbors)
      for (const { family, advertised } of families) {
        if (advertised > MOST_PREFIXES) continue;
        const key = keyOf(address, family);
        const state = [timesEstablished, updatesSent, advertised].join(' ');
        const before = this.#told.get(key);
        const prefixes =
          before?.state === state ? before.prefixes : await this.#ask(address, family, signal);
        told.set(key, { state, prefixes });
      }
    this.#told = told;
    return new Map([...told].map(([key, { prefixes }]) => [key, prefixes]));
  }

  async #ask(address: string, family: Family, signal: AbortSignal): Promise<readonly string[]> {
    const command = `show bgp ipv${family} unicast neighbors ${address} advertised-routes json`;
    return parseAdvertised(await this.#bgpd.show(command, signal)).slice(0, MOST_ADVERTISED);
  }
}

export function keyOf(address: string, family: Family): string {
  return `${address} ${family}`;
}
