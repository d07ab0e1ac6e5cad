/** Nexthop objects and neighbours of our protocol number, as ip-nexthop(8) and ip-neighbour(8) write them. */
import { canonicalAddress } from '../../lib/canonical-address.ts';
import { isJson, type Json, jsonRows, jsonRowsOf, textOf } from '../../lib/json-fields.ts';
import { OWNER } from '../../plan/host-plan.ts';
import { formatMembers } from './node-state.ts';

/** By id: `ip -json -Numeric -details nexthop show`. */
export function parseNexthops(text: string): ReadonlyMap<number, string> {
  const rows = jsonRows(withTunnelsApart(text));
  return new Map(rows.filter(isOurs).map((row) => [Number(textOf(row, 'id')), formatNexthop(row)]));
}

/**
 * Fields of a lightweight tunnel stand among those of the route or object that has it, under the same names (`id`,
 * `src`, `dst`), and would be taken for those.
 */
export function withTunnelsApart(text: string): string {
  return text.replaceAll(
    /"encap":"(ip6?)","id":(\d+),"src":"[^"]*","dst":"([^"]*)"/g,
    '"encap":"$1","vni":$2,"far":"$3"',
  );
}

function isOurs(row: Json): boolean {
  return textOf(row, 'protocol') === String(OWNER.routeProtocol);
}

function formatNexthop(row: Json): string {
  if (Array.isArray(row['group'])) return formatGroup(row);
  const flags = Array.isArray(row['flags']) ? row['flags'] : [];
  const encap = textOf(row, 'encap');
  return [
    ...withValue('via', address(row, 'gateway')),
    ...withValue('dev', textOf(row, 'dev')),
    ...(flags.includes('onlink') ? ['onlink'] : []),
    ...(encap === undefined
      ? []
      : [`encap ${encap} id ${textOf(row, 'vni') ?? ''} dst ${address(row, 'far') ?? ''}`]),
  ].join(' ');
}

function withValue(word: string, value: string | undefined): string[] {
  return value === undefined ? [] : [`${word} ${value}`];
}

function address(row: Json, key: string): string | undefined {
  const text = textOf(row, key);
  return text === undefined ? undefined : canonicalAddress(text);
}

function formatGroup(row: Json): string {
  const members = jsonRowsOf(row, 'group').map((member) => ({
    id: Number(textOf(member, 'id')),
    weight: Number(textOf(member, 'weight') ?? 1),
  }));
  const settings = isJson(row['resilient_args']) ? row['resilient_args'] : {};
  const type = textOf(row, 'type');
  return [
    `group ${formatMembers(members)}`,
    ...withValue('type', type),
    ...['buckets', 'idle_timer', 'unbalanced_timer'].flatMap((name) =>
      withValue(name, textOf(settings, name)),
    ),
  ].join(' ');
}

/** Ethernet addresses by `ADDRESS dev NAME`: `ip -json -Numeric neighbor show nud permanent`. */
export function parseNeighbors(text: string): ReadonlyMap<string, string> {
  return new Map(
    jsonRows(text)
      .filter(isOurs)
      .map((row) => [
        `${address(row, 'dst') ?? ''} dev ${textOf(row, 'dev') ?? ''}`,
        textOf(row, 'lladdr') ?? '',
      ]),
  );
}
