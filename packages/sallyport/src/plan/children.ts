/** Child SAs of a tunnel: which selectors go together. */
import { canonicalPrefix } from '../lib/canonical-address.ts';
import { comparePrefixes, FAMILIES, familyOf, parsePrefix } from '../lib/prefix.ts';
import { sha256Hex } from '../lib/sha256.ts';
import type { ChildPlan } from './host-plan.ts';

/** In one spelling, each once, sorted as numbers: `10.2.0.0/16` before `10.10.0.0/16`. */
export function sortPrefixes(prefixes: readonly string[]): string[] {
  const parsed = new Map(
    prefixes.flatMap((text) => {
      const result = parsePrefix(text);
      return result.ok ? [[canonicalPrefix(text), result.prefix] as const] : [];
    }),
  );
  return [...parsed].sort(([, a], [, b]) => comparePrefixes(a, b)).map(([text]) => text);
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
  const families = FAMILIES.map((family) => {
    const inFamily = (prefix: string): boolean => familyOf(prefix) === family;
    const ours = sortPrefixes(local.filter(inFamily));
    return { family, ours, theirs: sortPrefixes(remote.filter(inFamily)) };
  }).filter(({ ours, theirs }) => ours.length > 0 && theirs.length > 0);
  if (selectors === 'per-family') {
    return families.map(({ family, ours, theirs }) => ({
      name: `v${family}`,
      localSelectors: ours,
      remoteSelectors: theirs,
    }));
  }
  const pairs = families.flatMap(({ ours, theirs }) =>
    ours.flatMap((from) => theirs.map((to): Pair => [from, to])),
  );
  return nameChildren(pairs).sort((a, b) => (a.name < b.name ? -1 : 1));
}

type Pair = readonly [from: string, to: string];

/**
 * By a hash of the pair, since a number would change with every new network; by more of it where two
 * pairs begin alike, which among thousands of pairs does happen.
 */
function nameChildren(pairs: readonly Pair[]): ChildPlan[] {
  const hashed = pairs.map((pair) => {
    const hash = sha256Hex(pair.join(' '));
    return { pair, hash, short: hash.slice(0, 8) };
  });
  const uses = new Map<string, number>();
  for (const { short } of hashed) uses.set(short, (uses.get(short) ?? 0) + 1);
  return hashed.map(({ pair: [from, to], hash, short }) => ({
    name: `p-${uses.get(short) === 1 ? short : hash.slice(0, 24)}`,
    localSelectors: [from],
    remoteSelectors: [to],
  }));
}
