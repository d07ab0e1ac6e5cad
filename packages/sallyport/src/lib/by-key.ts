/** Entries in the order of their keys: that of the input never shows in what is made of it. */
export function byKey<K extends string | number, V>(
  entries: Iterable<readonly [K, V]>,
): (readonly [K, V])[] {
  return [...entries].sort(([a], [b]) => (a < b ? -1 : 1));
}
