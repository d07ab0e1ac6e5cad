/** All pairs of overlapping prefixes, without comparing each with each. */
import { overlaps, type Prefix } from '../../lib/prefix.ts';

interface HasPrefix {
  readonly prefix: Prefix;
}

export function overlappingPairs<T extends HasPrefix>(items: readonly T[]): [T, T][] {
  return items.flatMap((one, index) =>
    items
      .slice(index + 1)
      .filter((other) => overlaps(one.prefix, other.prefix))
      .map((other): [T, T] => [one, other]),
  );
}
