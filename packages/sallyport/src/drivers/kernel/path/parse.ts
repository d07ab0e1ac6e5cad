/** What programs and files tell of the way of a packet. Whatever is missing is left out. */
import { canonicalAddress } from '../../../lib/canonical-address.ts';
import { isJson, type Json, jsonRows, jsonRowsOf, textOf } from '../../../lib/json-fields.ts';
import type { Family } from '../../../lib/prefix.ts';
import { OWNER } from '../../../plan/host-plan.ts';
import type { CommandResult } from '../../../platform/linux/command.ts';
import type {
  ForeignRule,
  Ping,
  RouteAnswer,
  XfrmStatistics,
} from '../../../status/why/evidence.ts';

/** `ip -json route get`. */
export function parseRouteAnswer({ code, stdout, stderr }: CommandResult): RouteAnswer {
  const [row] = code === 0 ? jsonRows(stdout) : [];
  const device = row === undefined ? undefined : textOf(row, 'dev');
  if (row === undefined || device === undefined) return { kind: 'refused', error: errorOf(stderr) };
  const type = textOf(row, 'type');
  if (type !== undefined && REFUSING.has(type)) return { kind: 'refused', error: type };
  const table = textOf(row, 'table');
  const gateway = textOf(row, 'gateway');
  const mtu = Array.isArray(row['metrics'])
    ? row['metrics'].filter(isJson).flatMap((metric) => textOf(metric, 'mtu') ?? [])[0]
    : undefined;
  return {
    kind: 'route',
    interface: device,
    ...(table === undefined ? {} : { table }),
    ...(gateway === undefined ? {} : { gateway: canonicalAddress(gateway) }),
    ...(mtu === undefined ? {} : { mtuBytes: Number(mtu) }),
  };
}

/** IPv6 answers with the route that refuses, IPv4 with an error. */
const REFUSING = new Set(['unreachable', 'blackhole', 'prohibit']);

function errorOf(stderr: string): string {
  const line = stderr.trim().split('\n')[0] ?? '';
  return line.replace(/^(?:RTNETLINK answers|Error): /, '') || 'no answer';
}

/** An address of this host. */
export interface OwnAddress {
  readonly address: string;
  /** Length of the prefix that is reached directly. */
  readonly length: number;
  readonly interface: string;
}

/** `ip -json address show`. */
export function parseAddresses(text: string): OwnAddress[] {
  return jsonRows(text).flatMap((row) => {
    const name = textOf(row, 'ifname');
    return jsonRowsOf(row, 'addr_info').flatMap((info) => {
      const address = textOf(info, 'local');
      return name === undefined || address === undefined
        ? []
        : [
            {
              address: canonicalAddress(address),
              length: Number(textOf(info, 'prefixlen')),
              interface: name,
            },
          ];
    });
  });
}

/** Priority of the rule for the addresses of the host itself: whoever has one of those keeps it. */
const LOCAL_PRIORITY = 0;

/** `ip -json -Numeric rule show`: what is looked at before our rules. */
export function parseForeignRules(text: string, family: Family): ForeignRule[] {
  return jsonRows(text).flatMap((row) => {
    const priority = Number(textOf(row, 'priority'));
    const isOurs = textOf(row, 'protocol') === String(OWNER.routeProtocol);
    return isOurs || !(priority > LOCAL_PRIORITY && priority < OWNER.tunnelTable)
      ? []
      : [{ family, priority, table: textOf(row, 'table') ?? 'none', selector: selectorOf(row) }];
  });
}

const SELECTORS: readonly (readonly [field: string, word: string])[] = [
  ['dst', 'to'],
  ['iif', 'iif'],
  ['oif', 'oif'],
  ['fwmark', 'fwmark'],
  ['ipproto', 'ipproto'],
];

function selectorOf(row: Json): string {
  const withLength = (field: string): string => {
    const length = textOf(row, `${field}len`);
    return `${textOf(row, field) ?? 'all'}${length === undefined ? '' : `/${length}`}`;
  };
  const others = SELECTORS.filter(([field]) => field in row).map(
    ([field, word]) =>
      `${word} ${field === 'dst' ? withLength('dst') : (textOf(row, field) ?? '')}`,
  );
  return [`from ${withLength('src')}`, ...others].join(' ');
}

/** `ip -s -json link show`. */
export function parseCarrierErrors(text: string): number | undefined {
  const [row] = jsonRows(text);
  const stats = isJson(row?.['stats64']) ? row['stats64'] : {};
  const sent = isJson(stats['tx']) ? stats['tx'] : {};
  const count = textOf(sent, 'carrier_errors');
  return count === undefined ? undefined : Number(count);
}

/** /proc/net/xfrm_stat: a name and a number in each line. */
export function parseXfrmStatistics(text: string): XfrmStatistics {
  return new Map(
    [...text.matchAll(/^(Xfrm\w+)\s+(\d+)$/gm)].map(([, name, value]) => [
      name ?? '',
      Number(value),
    ]),
  );
}

/** /proc/net/netstat: pairs of lines, first names, then values. */
export function parseReversePathDrops(text: string): number | undefined {
  const lines = text.split('\n').filter((line) => line.startsWith('TcpExt: '));
  const [names = [], values = []] = lines.map((line) => line.split(' '));
  const value = values[names.indexOf('IPReversePathFilter')];
  return value === undefined ? undefined : Number(value);
}

/** IP and ICMP headers around the payload of a ping. */
export const PING_HEADERS: Readonly<Record<Family, number>> = { 4: 28, 6: 48 };

/** The socket knows it already, or an ICMP message has just said so: of IPv4, of IPv6. */
const TOO_LONG =
  /(?:message too long, mtu[=:] ?|Frag needed and DF set \(mtu = |Packet too big: mtu=)(\d+)/;

/** ping(8) of iputils; undefined where it did not get as far as sending. */
export function parsePing({ stdout, stderr }: CommandResult, bytes: number): Ping | undefined {
  const counts = /(\d+) packets transmitted, (\d+) received/.exec(stdout);
  if (counts === null) return undefined;
  const refused = TOO_LONG.exec(`${stderr}\n${stdout}`)?.[1];
  return {
    bytes,
    sent: Number(counts[1]),
    received: Number(counts[2]),
    ...(refused === undefined ? {} : { refusedAbove: Number(refused) }),
  };
}
