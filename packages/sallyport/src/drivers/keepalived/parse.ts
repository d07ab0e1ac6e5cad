/** Output of keepalived and of `ip` in our terms. */
import { canonicalAddress } from '../../lib/canonical-address.ts';
import { isJson, type Json, jsonRows, textOf } from '../../lib/json-fields.ts';
import type { ObservedInterface, ObservedRouter, RouterState } from './state.ts';

/** vrrp.h of keepalived 2.2: VRRP_STATE_INIT to VRRP_STATE_FAULT. */
const STATES: readonly RouterState[] = ['init', 'backup', 'master', 'fault'];

/** What keepalived writes at its JSON signal; undefined while it has not written all of it. */
export function parseRouters(text: string): ObservedRouter[] | undefined {
  let rows: Json[];
  try {
    rows = jsonRows(text);
  } catch {
    return undefined;
  }
  if (text.trim() === '') return undefined;
  return rows.map(({ data, stats }) => {
    const row = isJson(data) ? data : {};
    const number = (key: string): number => Number(textOf(row, key)) || 0;
    const addresses = Array.isArray(row['vips']) ? row['vips'] : [];
    return {
      name: textOf(row, 'iname') ?? '',
      interface: textOf(row, 'ifp_ifname') ?? '',
      virtualRouterId: number('vrid'),
      advertisementMilliseconds: Math.round(number('adver_int') * 1_000),
      // `10.0.0.254/32 dev eth0 scope global set`; without its length where it is that of a host.
      addresses: addresses.map((one) => canonicalAddress(String(one).split(/[ /]/, 1)[0] ?? '')),
      state: STATES[number('state')] ?? 'init',
      since: toTime(number('last_transition')),
      masterPriority: number('master_priority'),
      heard: Number(isJson(stats) ? textOf(stats, 'advert_rcvd') : 0) || 0,
    };
  });
}

/** RFC 3339; of what is no time, the beginning of all. */
function toTime(seconds: number): string {
  const time = new Date(seconds * 1_000);
  return (Number.isNaN(time.getTime()) ? new Date(0) : time).toISOString();
}

/** `ip -json address show`. */
export function parseInterfaces(text: string): ReadonlyMap<string, ObservedInterface> {
  return new Map(
    jsonRows(text).map((row): [string, ObservedInterface] => {
      const flags = Array.isArray(row['flags']) ? row['flags'] : [];
      const infos = Array.isArray(row['addr_info']) ? row['addr_info'].filter(isJson) : [];
      return [
        textOf(row, 'ifname') ?? '',
        {
          isUp: flags.includes('UP') && flags.includes('LOWER_UP'),
          addresses: new Set(infos.map((info) => canonicalAddress(textOf(info, 'local') ?? ''))),
        },
      ];
    }),
  );
}

/** An advertisement of another gateway that keepalived did not take. */
export interface Refusal {
  /** RFC 3339. */
  readonly at: string;
  /** Keepalived's own. */
  readonly words: string;
}

/** What keepalived 2.2 says of packets whose content it drops (vrrp.c, vrrp_check_packet). */
const REFUSAL =
  /^(?:ip address associated with VRID|expected \d+ addresses|receive an invalid ip number|invalid version)/;

/** The last one of each router, by name. Lines begin with a time in UTC, as asctime(3) writes it. */
export function parseRefusals(log: string): ReadonlyMap<string, Refusal> {
  const last = new Map<string, Refusal>();
  for (const line of log.split('\n')) {
    const match = /^(\w{3} \w{3} [ \d]\d \d\d:\d\d:\d\d \d{4}): \(([^)]+)\) (.+)$/.exec(line);
    const [, time = '', router = '', words = ''] = match ?? [];
    const at = Date.parse(`${time} UTC`);
    if (!REFUSAL.test(words) || Number.isNaN(at)) continue;
    last.set(router, { words, at: new Date(at).toISOString() });
  }
  return last;
}
