/** What the gateways of a node have told our bgpd, which keeps it to itself: the agent makes ways of it. */
import { isJson, jsonRowsOf, textOf } from '../../lib/json-fields.ts';
import { FAMILIES, type Family } from '../../lib/prefix.ts';
import { rememberingLast } from '../../lib/remembering.ts';
import type { ReflectedPath } from '../../plan/reflected.ts';
import { pause } from '../../platform/pause.ts';
import { numberOf, parseObject } from './parse-report.ts';
import type { Shower } from './shower.ts';

/** That it is another one than before tells that the prefixes are, too. */
export interface ReflectorState {
  readonly sessions: readonly ReflectorSession[];
  /** Of the tables, as bgpd counts what it has chosen: also by what policy lets in since, of which no session tells. */
  readonly tableVersions: readonly number[];
}

export interface ReflectorSession {
  readonly address: string;
  /** In which it has told all that it knew at the start (RFC 4724 §2); empty while there is no session. */
  readonly complete: readonly Family[];
  /** Of all its sessions: what was told is another than before where this is. */
  readonly updates: number;
  /** Prefixes, of all families, that policy has let in. */
  readonly accepted: number;
}

/** The sessions are long to tell, and asked for only where the summary counts something new of one. */
export class StateReader {
  readonly #bgpd: Shower;
  #last: { readonly news: string; readonly sessions: readonly ReflectorSession[] } | undefined;

  constructor(bgpd: Shower) {
    this.#bgpd = bgpd;
  }

  async read(signal: AbortSignal): Promise<ReflectorState> {
    // First: what comes between both looks is news the next time.
    const { tableVersions, news } = parseSummary(
      await this.#bgpd.show('show bgp summary json', signal),
    );
    if (this.#last?.news !== news) {
      const sessions = parseSessions(await this.#bgpd.show('show bgp neighbors json', signal));
      this.#last = { news, sessions };
    }
    return { tableVersions, sessions: this.#last.sessions };
  }
}

/** While bgpd chooses it shows less than it knows, and what is read then is read, and installed, twice. */
const CHOOSING_MILLISECONDS = 2_000;
const LOOK_MILLISECONDS = 50;

/** Of a text that is the same as before, the list is the same, too. */
export class PathReader {
  readonly #bgpd: Shower;
  readonly #parse = { 4: rememberingLast(parsePaths), 6: rememberingLast(parsePaths) };
  readonly #join = rememberingLast((...lists: readonly (readonly ReflectedPath[])[]) =>
    lists.flat(),
  );

  constructor(bgpd: Shower) {
    this.#bgpd = bgpd;
  }

  async read(families: readonly Family[], signal: AbortSignal): Promise<readonly ReflectedPath[]> {
    await this.#untilChosen(signal);
    const lists: (readonly ReflectedPath[])[] = [];
    for (const family of families)
      lists.push(
        this.#parse[family](await this.#bgpd.show(`show bgp ipv${family} unicast json`, signal)),
      );
    return this.#join(...lists);
  }

  /** Prefixes that come in without a pause are not waited for. */
  async #untilChosen(signal: AbortSignal): Promise<void> {
    const deadline = performance.now() + CHOOSING_MILLISECONDS;
    while (
      isChoosing(await this.#bgpd.show('show work-queues', signal)) &&
      performance.now() < deadline
    )
      await pause(LOOK_MILLISECONDS, signal);
  }
}

/** `show work-queues`: whether prefixes wait for their path to be chosen. */
export function isChoosing(text: string): boolean {
  return [...text.matchAll(/^P? +(\d+) .* process_queue /gm)].some(([, items]) => items !== '0');
}

/** `news`: another text where a session came, ended or heard anything, be it a keepalive. */
export function parseSummary(text: string): {
  readonly tableVersions: readonly number[];
  readonly news: string;
} {
  const tables = Object.values(parseObject(text)).filter(isJson);
  const heard = tables.map(({ peers }) =>
    Object.entries(isJson(peers) ? peers : {}).map(([address, peer]) =>
      isJson(peer)
        ? [address, peer['state'], peer['connectionsEstablished'], peer['msgRcvd'], peer['pfxRcd']]
        : [],
    ),
  );
  return {
    tableVersions: tables.flatMap((table) => numberOf(table, 'tableVersion') ?? []),
    news: JSON.stringify(heard),
  };
}

export function parseSessions(text: string): ReflectorSession[] {
  return Object.entries(parseObject(text)).flatMap(([address, row]) => {
    if (!isJson(row)) return [];
    const { messageStats, gracefulRestartInfo, addressFamilyInfo } = row;
    const received = isJson(gracefulRestartInfo) ? gracefulRestartInfo['endOfRibRecv'] : undefined;
    const isUp = textOf(row, 'bgpState') === 'Established';
    return [
      {
        address,
        complete: FAMILIES.filter(
          (family) => isUp && isJson(received) && received[`ipv${family}Unicast`] === true,
        ),
        updates: isJson(messageStats) ? (numberOf(messageStats, 'updatesRecv') ?? 0) : 0,
        accepted: (isJson(addressFamilyInfo)
          ? Object.values(addressFamilyInfo)
          : []
        ).reduce<number>(
          (sum, one) => sum + (isJson(one) ? (numberOf(one, 'acceptedPrefixCounter') ?? 0) : 0),
          0,
        ),
      },
    ];
  });
}

/** `show bgp ipv4 unicast json`. */
export function parsePaths(text: string): ReflectedPath[] {
  const { routes } = parseObject(text);
  if (!isJson(routes)) return [];
  return Object.keys(routes).flatMap((prefix) =>
    jsonRowsOf(routes, prefix).flatMap((path) => {
      const speaker = textOf(path, 'peerId');
      if ((path['bestpath'] !== true && path['multipath'] !== true) || speaker === undefined)
        return [];
      const hops = jsonRowsOf(path, 'nexthops');
      const hop = hops.find(({ used }) => used === true) ?? hops[0];
      const nextHop = (hop === undefined ? undefined : textOf(hop, 'ip')) ?? speaker;
      return [{ prefix, speaker, nextHop }];
    }),
  );
}
