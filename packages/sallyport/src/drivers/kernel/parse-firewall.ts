/**
 * `nft -j list table inet sallyport` as lines that can be compared with what was rendered: hooks by
 * their settings, sets by their elements, rules by their order and comment, which holds a hash of the
 * rule. Comparing the expressions themselves would tie us to how one version of nft prints them.
 */
import { canonicalAddress, canonicalPrefix } from '../../lib/canonical-address.ts';
import { isJson, type Json, nftItems, textOf } from '../../lib/json-fields.ts';

export function parseFirewall(text: string): string {
  const items = nftItems(text);
  return canonicalFirewall(items.flatMap(firewallLines));
}

function firewallLines(item: Json): string[] {
  const { table, chain, rule, set, counter } = item;
  // A dormant table is there, and does nothing.
  if (isJson(table) && 'flags' in table) return [`table ${JSON.stringify(table['flags'])}`];
  if (isJson(chain)) {
    const fields = ['name', 'type', 'hook', 'prio', 'policy'];
    return [`chain ${fields.map((field) => textOf(chain, field) ?? '-').join(' ')}`];
  }
  if (isJson(rule)) return [`rule ${textOf(rule, 'chain') ?? ''} ${textOf(rule, 'comment') ?? ''}`];
  if (isJson(counter)) return [`counter ${textOf(counter, 'name') ?? ''}`];
  if (isJson(set)) {
    const elements = Array.isArray(set['elem']) ? set['elem'] : [];
    return [`set ${textOf(set, 'name') ?? ''} ${elements.map(elementText).sort().join(' ')}`];
  }
  return [];
}

function elementText(element: unknown): string {
  if (typeof element === 'string') return canonicalAddress(element);
  const prefix = isJson(element) && isJson(element['prefix']) ? element['prefix'] : undefined;
  return prefix === undefined
    ? JSON.stringify(element)
    : canonicalPrefix(`${textOf(prefix, 'addr') ?? ''}/${textOf(prefix, 'len') ?? ''}`);
}

/** Rules keep their order inside a chain; sets and chains are listed in any. */
export function canonicalFirewall(lines: readonly string[]): string {
  const unordered = lines.filter((line) => !line.startsWith('rule ')).sort();
  const rules = lines
    .filter((line) => line.startsWith('rule '))
    .map((line) => ({ line, chain: line.split(' ')[1] ?? '' }))
    // The sort is stable: inside a chain the order stays.
    .sort((a, b) => (a.chain === b.chain ? 0 : a.chain < b.chain ? -1 : 1));
  return [...unordered, ...rules.map(({ line }) => line)].join('\n');
}
