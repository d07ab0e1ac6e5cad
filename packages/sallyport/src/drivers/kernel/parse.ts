/** Output of `ip -json -Numeric` in our terms. What does not carry our marks is left out. */
import { canonicalAddress, canonicalPrefix } from '../../lib/canonical-address.ts';
import { isJson, type Json, jsonRows, textOf } from '../../lib/json-fields.ts';
import { type Family, familyOf } from '../../lib/prefix.ts';
import { OWNER, type RulePlan, USERSPACE_DEVICE } from '../../plan/host-plan.ts';
import { parseInterfaceAddresses, parseSubnets } from './interface-address.ts';
import { withTunnelsApart } from './parse-nexthops.ts';
import type { ObservedEngineDevice, ObservedInterface, ObservedRoute, Subnet } from './state.ts';

/** Prefix of the alias that marks an interface as ours. */
const ALIAS_MARK = 'sallyport ';

/** What we make; anything else of our name is a coincidence. */
const KINDS: ReadonlySet<string> = new Set(['xfrm', 'vti', 'vti6', 'vxlan']);

export interface ParsedLinks {
  readonly interfaces: readonly ObservedInterface[];
  readonly foreignInterfaces: ReadonlySet<string>;
  readonly engineDevice?: ObservedEngineDevice;
  /** Of foreign interfaces. */
  readonly subnets: readonly Subnet[];
}

/** Names by number: `ip -json netns list`. Without a number where this namespace has met none of its links yet. */
export function parseNetworkNamespaces(text: string): ReadonlyMap<string, string | undefined> {
  return new Map(jsonRows(text).map((row) => [textOf(row, 'name') ?? '', textOf(row, 'id')]));
}

/** `ip -json -Numeric -details address show`; `namespaces`: number by name. */
export function parseLinks(
  text: string,
  namespaces: ReadonlyMap<string, string | undefined> = new Map(),
): ParsedLinks {
  const namesOf = (id: string): string[] =>
    [...namespaces].flatMap(([name, candidate]) => (candidate === id ? [name] : []));
  const interfaces: ObservedInterface[] = [];
  const foreignInterfaces = new Set<string>();
  const subnets: Subnet[] = [];
  let engineDevice: ObservedEngineDevice | undefined;
  for (const row of jsonRows(text)) {
    if (isOurs(row)) interfaces.push(parseInterface(row, namesOf));
    else {
      if (isEngineDevice(row))
        engineDevice = {
          index: textOf(row, 'ifindex') ?? '',
          isUp: isUp(row),
          addresses: parseInterfaceAddresses(row),
        };
      for (const name of linkNames(row)) foreignInterfaces.add(name);
      subnets.push(...parseSubnets(row));
    }
  }
  return {
    ...{ interfaces, foreignInterfaces, subnets },
    ...(engineDevice === undefined ? {} : { engineDevice }),
  };
}

function isEngineDevice(row: Json): boolean {
  const info = isJson(row['linkinfo']) ? row['linkinfo'] : {};
  return textOf(row, 'ifname') === USERSPACE_DEVICE && textOf(info, 'info_kind') === 'tun';
}

/**
 * The kernel takes an alias only for a link that is there, but a group at birth: a link of our group
 * that has no alias yet is one whose making was cut short.
 */
function isOurs(row: Json): boolean {
  const info = isJson(row['linkinfo']) ? row['linkinfo'] : {};
  const alias = textOf(row, 'ifalias') ?? '';
  return (
    (textOf(row, 'ifname') ?? '').startsWith(OWNER.interfacePrefix) &&
    KINDS.has(textOf(info, 'info_kind') ?? '') &&
    (alias.startsWith(ALIAS_MARK) ||
      (alias === '' && textOf(row, 'group') === String(OWNER.routeProtocol)))
  );
}

function linkNames(row: Json): string[] {
  const alternatives = Array.isArray(row['altnames']) ? row['altnames'] : [];
  return [textOf(row, 'ifname') ?? '', ...alternatives.filter((name) => typeof name === 'string')];
}

function parseInterface(row: Json, namesOf: (id: string) => readonly string[]): ObservedInterface {
  const info = isJson(row['linkinfo']) ? row['linkinfo'] : {};
  const data = isJson(info['info_data']) ? info['info_data'] : {};
  const id = textOf(data, 'if_id') ?? textOf(data, 'ikey');
  const local = textOf(data, 'local');
  const remote = textOf(data, 'remote');
  const namespace = textOf(row, 'link_netnsid');
  return {
    name: textOf(row, 'ifname') ?? '',
    kind: textOf(info, 'info_kind') ?? '',
    mtuBytes: Number(textOf(row, 'mtu')),
    isUp: isUp(row),
    alias: textOf(row, 'ifalias') ?? '',
    ...(id === undefined ? {} : { interfaceId: parseId(id) }),
    ...(namespace === undefined ? {} : { shards: namesOf(namespace) }),
    ...(local === undefined ? {} : { localAddress: local }),
    ...(remote === undefined ? {} : { remoteAddress: remote }),
    ...(data['external'] === true
      ? {
          port: Number(textOf(data, 'port')),
          ethernetAddress: textOf(row, 'address') ?? '',
        }
      : {}),
    addresses: parseInterfaceAddresses(row),
  };
}

function isUp({ flags }: Json): boolean {
  return Array.isArray(flags) && flags.includes('UP');
}

/** `0x2a` for XFRM interfaces, `0.0.0.42` for VTI keys. */
function parseId(text: string): number {
  if (!text.includes('.')) return Number(text);
  return text.split('.').reduce((value, part) => value * 256 + Number(part), 0);
}

/** Numbers of <linux/rtnetlink.h>: with `-Numeric` only `unicast` keeps its name, by its absence. */
const ROUTE_TYPES: ReadonlyMap<string, string> = new Map([
  ['6', 'blackhole'],
  ['7', 'unreachable'],
  ['8', 'prohibit'],
  ['9', 'throw'],
]);

/** What an IPv6 route has that was added without a metric. */
const IPV6_METRIC = '1024';

/** `ip -json -Numeric -4|-6 route show table all protocol 83`. */
export function parseRoutes(text: string, family: Family): ObservedRoute[] {
  return jsonRows(withTunnelsApart(text)).map((row): ObservedRoute => {
    const typeText = textOf(row, 'type') ?? 'unicast';
    const type = ROUTE_TYPES.get(typeText) ?? typeText;
    const device = textOf(row, 'dev');
    const source = textOf(row, 'prefsrc');
    const metric = textOf(row, 'metric');
    const nexthop = textOf(row, 'nhid');
    // What a nexthop object stands for is shown with every route by it.
    const other = nexthop === undefined ? othersOf(row) : '';
    return {
      prefix: prefixOf(row, family),
      table: Number(textOf(row, 'table') ?? 254),
      type,
      // IPv6 shows unreachable routes on lo.
      ...(type === 'unicast' && device !== undefined && nexthop === undefined
        ? { interface: device }
        : {}),
      ...(nexthop === undefined ? {} : { nexthop: Number(nexthop) }),
      ...(source === undefined ? {} : { source: canonicalAddress(source) }),
      ...(metric === undefined || (family === 6 && metric === IPV6_METRIC)
        ? {}
        : { metric: Number(metric) }),
      ...(other === '' ? {} : { other }),
    };
  });
}

function prefixOf(row: Json, family: Family): string {
  const prefix = completePrefix(textOf(row, 'dst') ?? '', family);
  // Of IPv4 there is one spelling, and there may be many routes.
  return family === 4 ? prefix : canonicalPrefix(prefix);
}

function othersOf(row: Json): string {
  const via = isJson(row['via']) ? textOf(row['via'], 'host') : undefined;
  const gateway = textOf(row, 'gateway') ?? via;
  return [
    gateway === undefined ? '' : `via ${gateway}`,
    Array.isArray(row['nexthops']) ? `${row['nexthops'].length} next hops` : '',
    Array.isArray(row['metrics']) ? 'metrics' : '',
    'encap' in row ? 'encap' : '',
  ]
    .filter((word) => word !== '')
    .join(' ');
}

/** `ip` leaves out the length of host routes and calls the default by name. */
export function completePrefix(destination: string, family: Family): string {
  if (destination === 'default') return family === 4 ? '0.0.0.0/0' : '::/0';
  if (destination.includes('/')) return destination;
  return `${destination}/${familyOf(destination) === 4 ? 32 : 128}`;
}

/** A rule with a selector (`srclen`, `iif`, `fwmark`, ...) is none that we make. */
const RULE_FIELDS: ReadonlySet<string> = new Set(['priority', 'src', 'table', 'protocol']);

/** `ip -json -Numeric -4|-6 rule show`. */
export function parseRules(text: string, family: Family): RulePlan[] {
  return jsonRows(text).flatMap((row) =>
    textOf(row, 'protocol') === String(OWNER.routeProtocol) &&
    Object.keys(row).every((field) => RULE_FIELDS.has(field))
      ? [{ family, priority: Number(textOf(row, 'priority')), table: Number(textOf(row, 'table')) }]
      : [],
  );
}
