/** Sets of addresses as lists of prefixes: sorted, disjoint, and as few as possible. */
import { widthOf } from './address.ts';
import { comparePrefixes, containsPrefix, type Prefix } from './prefix.ts';

/** The same addresses in the fewest prefixes: none overlaps another one, no two make up a larger one. */
export function mergePrefixes(prefixes: Iterable<Prefix>): Prefix[] {
  const merged: Prefix[] = [];
  for (const prefix of [...prefixes].sort(comparePrefixes)) {
    // Sorted by address and length, what holds a prefix has come before it, and is the last one kept.
    const last = merged.at(-1);
    if (last !== undefined && containsPrefix(last, prefix)) continue;
    let joined = prefix;
    for (let left = merged.at(-1); left !== undefined; left = merged.at(-1)) {
      const parent = parentOf(left, joined);
      if (parent === undefined) break;
      merged.pop();
      joined = parent;
    }
    merged.push(joined);
  }
  return merged;
}

/** The prefix whose halves the two are; absent where they are not. */
function parentOf(left: Prefix, right: Prefix): Prefix | undefined {
  if (left.family !== right.family || left.length !== right.length || left.length === 0) {
    return undefined;
  }
  const bit = 1n << BigInt(widthOf(left.family) - left.length);
  if ((left.value & bit) !== 0n || right.value !== left.value + bit) return undefined;
  return { ...left, length: left.length - 1 };
}
