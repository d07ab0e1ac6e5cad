/** Output of `ip -json` and `nft -j` in our terms. What does not carry our marks is left out. */
import { type Family, familyOf } from '../../lib/prefix.ts';
import { OWNER, type RoutePlan, type RulePlan } from '../../plan/host-plan.ts';
import type { ObservedInterface } from './state.ts';

/** Prefix of the alias that marks an interface as ours. */
const ALIAS_MARK = 'sallyport ';

type Json = Readonly<Record<string, unknown>>;

/** `ip -json` prints nothing at all where it has nothing to show. */
function rows(text: string): Json[] {
  const parsed: unknown = text.trim() === '' ? [] : JSON.parse(text);
  return Array.isArray(parsed) ? parsed.filter(isJson) : [];
}

function isJson(value: unknown): value is Json {
  return typeof value === 'object' && value !== null;
}

function textOf(row: Json, key: string): string | undefined {
  const value = row[key];
  return typeof value === 'string' ? value : typeof value === 'number' ? String(value) : undefined;
}

/** `ip -json -details link show`. */
export function parseInterfaces(text: string): ObservedInterface[] {
  return rows(text).flatMap((row) => {
    const alias = textOf(row, 'ifalias') ?? '';
    const name = textOf(row, 'ifname') ?? '';
    const info = isJson(row['linkinfo']) ? row['linkinfo'] : {};
    if (!name.startsWith(OWNER.interfacePrefix) || !alias.startsWith(ALIAS_MARK)) return [];
    const data = isJson(info['info_data']) ? info['info_data'] : {};
    const id = textOf(data, 'if_id') ?? textOf(data, 'ikey');
    const flags = Array.isArray(row['flags']) ? row['flags'] : [];
    const local = textOf(data, 'local');
    const remote = textOf(data, 'remote');
    return {
      name,
      kind: textOf(info, 'info_kind') ?? '',
      mtuBytes: Number(textOf(row, 'mtu')),
      isUp: flags.includes('UP'),
      alias,
      ...(id === undefined ? {} : { interfaceId: parseId(id) }),
      ...(local === undefined ? {} : { localAddress: local }),
      ...(remote === undefined ? {} : { remoteAddress: remote }),
    };
  });
}

/** `0x2a` for XFRM interfaces, `0.0.0.42` for VTI keys. */
function parseId(text: string): number {
  if (!text.includes('.')) return Number(text);
  return text.split('.').reduce((value, part) => value * 256 + Number(part), 0);
}

/** `ip -json route show table all proto 83`, one family. */
export function parseRoutes(text: string, family: Family): RoutePlan[] {
  return rows(text).flatMap((row): RoutePlan[] => {
    const destination = textOf(row, 'dst') ?? '';
    const type = textOf(row, 'type') ?? 'unicast';
    const table = Number(textOf(row, 'table') ?? 254);
    if (type !== 'unicast' && type !== 'unreachable' && type !== 'throw') return [];
    const device = textOf(row, 'dev');
    const source = textOf(row, 'prefsrc');
    return [
      {
        prefix: completePrefix(destination, family),
        table,
        type,
        // IPv6 shows unreachable routes on lo.
        ...(type === 'unicast' && device !== undefined ? { interface: device } : {}),
        ...(source === undefined ? {} : { source }),
      },
    ];
  });
}

/** `ip` leaves out the length of host routes and calls the default by name. */
function completePrefix(destination: string, family: Family): string {
  if (destination === 'default') return family === 4 ? '0.0.0.0/0' : '::/0';
  if (destination.includes('/')) return destination;
  return `${destination}/${familyOf(destination) === 4 ? 32 : 128}`;
}

/** `ip -json rule show`, one family. */
export function parseRules(text: string, family: Family): RulePlan[] {
  return rows(text).flatMap((row) =>
    textOf(row, 'protocol') === String(OWNER.routeProtocol)
      ? [{ family, priority: Number(textOf(row, 'priority')), table: Number(textOf(row, 'table')) }]
      : [],
  );
}

/**
 * `nft -j list table inet sallyport` as lines that can be compared with what was rendered: rules by
 * their chain and comment, which holds a hash of the rule, and sets by their elements.
 */
export function parseFirewall(text: string): string {
  const parsed: unknown = JSON.parse(text);
  const items =
    isJson(parsed) && Array.isArray(parsed['nftables']) ? parsed['nftables'].filter(isJson) : [];
  const lines: string[] = [];
  for (const item of items) {
    if (isJson(item['chain'])) lines.push(`chain ${textOf(item['chain'], 'name') ?? ''}`);
    if (isJson(item['rule'])) {
      lines.push(
        `rule ${textOf(item['rule'], 'chain') ?? ''} ${textOf(item['rule'], 'comment') ?? ''}`,
      );
    }
    if (isJson(item['set'])) {
      const elements = Array.isArray(item['set']['elem']) ? item['set']['elem'] : [];
      lines.push(
        `set ${textOf(item['set'], 'name') ?? ''} ${elements.map(elementText).sort().join(' ')}`,
      );
    }
  }
  return canonicalFirewall(lines);
}

function elementText(element: unknown): string {
  if (typeof element === 'string') return element;
  const prefix = isJson(element) && isJson(element['prefix']) ? element['prefix'] : undefined;
  return prefix === undefined
    ? JSON.stringify(element)
    : `${textOf(prefix, 'addr') ?? ''}/${textOf(prefix, 'len') ?? ''}`;
}

/** Rules keep their order inside a chain; sets and chains are listed in any. */
export function canonicalFirewall(lines: readonly string[]): string {
  const ordered = lines.filter((line) => line.startsWith('rule '));
  const unordered = lines.filter((line) => !line.startsWith('rule ')).sort();
  const byChain = ordered.map((line, index) => ({ line, index, chain: line.split(' ')[1] ?? '' }));
  byChain.sort((a, b) => (a.chain === b.chain ? a.index - b.index : a.chain < b.chain ? -1 : 1));
  return [...unordered, ...byChain.map(({ line }) => line)].join('\n');
}
