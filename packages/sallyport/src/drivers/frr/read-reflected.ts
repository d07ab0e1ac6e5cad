/** What the gateways of a node have told our bgpd, which keeps it to itself: the agent makes ways of it. */
import { isJson, jsonRowsOf, textOf } from '../../lib/json-fields.ts';
import type { Family } from '../../plan/host-plan.ts';
import type { ReflectedPath } from '../../plan/reflected.ts';
import { numberOf, parseObject } from './parse-report.ts';
import type { Shower } from './read-report.ts';

export interface ReflectorSession {
  readonly address: string;
  /** In which it has told all that it knew at the start (RFC 4724 §2); empty while there is no session. */
  readonly complete: readonly Family[];
  /** Of all its sessions: what was told is another than before where this is. */
  readonly updates: number;
}

export async function readSessions(bgpd: Shower, signal: AbortSignal): Promise<ReflectorSession[]> {
  return parseSessions(await bgpd.show('show bgp neighbors json', signal));
}

export async function readPaths(
  bgpd: Shower,
  families: readonly Family[],
  signal: AbortSignal,
): Promise<ReflectedPath[]> {
  const paths: ReflectedPath[] = [];
  for (const family of families)
    paths.push(...parsePaths(await bgpd.show(`show bgp ipv${family} unicast json`, signal)));
  return paths;
}

export function parseSessions(text: string): ReflectorSession[] {
  return Object.entries(parseObject(text)).flatMap(([address, row]) => {
    if (!isJson(row)) return [];
    const { messageStats, gracefulRestartInfo } = row;
    const received = isJson(gracefulRestartInfo) ? gracefulRestartInfo['endOfRibRecv'] : undefined;
    const isUp = textOf(row, 'bgpState') === 'Established';
    return [
      {
        address,
        complete: ([4, 6] as const).filter(
          (family) => isUp && isJson(received) && received[`ipv${family}Unicast`] === true,
        ),
        updates: isJson(messageStats) ? (numberOf(messageStats, 'updatesRecv') ?? 0) : 0,
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
