/** Child SAs of a tunnel: which selectors go together. */
import { comparePrefixes, familyOf, parsePrefix } from '../lib/prefix.ts';
import { sha256Hex } from '../lib/sha256.ts';
import type { ChildPlan } from './host-plan.ts';

/** Sorted as numbers, each once: `10.2.0.0/16` before `10.10.0.0/16`. */
export function sortPrefixes(prefixes: readonly string[]): string[] {
  return [...new Set(prefixes)]
    .map((text) => ({ text, parsed: parsePrefix(text) }))
    .sort((a, b) => {
      if (a.parsed.ok && b.parsed.ok) return comparePrefixes(a.parsed.prefix, b.parsed.prefix);
      return a.text < b.text ? -1 : 1;
    })
    .map(({ text }) => text);
}

/**
 * `per-family`: one child with all networks of a family, since few devices take both families in one.
 * `per-pair`: one child for each pair of networks, for peers that keep an SA to one pair.
 */
export function planChildren(
  local: readonly string[],
  remote: readonly string[],
  selectors: 'per-family' | 'per-pair',
): ChildPlan[] {
  const children: ChildPlan[] = [];
  for (const family of [4, 6] as const) {
    const ours = sortPrefixes(local.filter((prefix) => familyOf(prefix) === family));
    const theirs = sortPrefixes(remote.filter((prefix) => familyOf(prefix) === family));
    if (ours.length === 0 || theirs.length === 0) continue;
    if (selectors === 'per-family') {
      children.push({ name: `v${family}`, localSelectors: ours, remoteSelectors: theirs });
      continue;
    }
    for (const from of ours) {
      for (const to of theirs) {
        children.push({
          name: `p-${sha256Hex(`${from} ${to}`).slice(0, 8)}`,
          localSelectors: [from],
          remoteSelectors: [to],
        });
      }
    }
  }
  return children.sort((a, b) => (a.name < b.name ? -1 : 1));
}
