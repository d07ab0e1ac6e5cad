/** All pairs of overlapping prefixes, without comparing each with each. */
import { comparePrefixes, containsPrefix, type Prefix } from '../../lib/prefix.ts';

interface HasPrefix {
  readonly prefix: Prefix;
}

/**
 * Two prefixes are apart or one holds the other. Sorted by address and length, the holders of a prefix
 * are therefore exactly those on a stack from which all that ended before it have been taken.
 * In each pair the holder comes first; of equal prefixes the one that came first.
 */
export function overlappingPairs<T extends HasPrefix>(items: readonly T[]): [outer: T, inner: T][] {
  const pairs: [T, T][] = [];
  const holders: T[] = [];
  for (const item of items.toSorted((a, b) => comparePrefixes(a.prefix, b.prefix))) {
    for (let top = holders.at(-1); top !== undefined; top = holders.at(-1)) {
      if (containsPrefix(top.prefix, item.prefix)) break;
      holders.pop();
    }
    for (const holder of holders) pairs.push([holder, item]);
    holders.push(item);
  }
  return pairs;
}
