/** Hints for misspelt names: the nearest of the known ones, if it is near enough to be meant. */

/**
 * Optimal string alignment distance: insertions, deletions, substitutions and swaps of neighbours.
 * Stops early with `limit + 1` where the distance is above `limit`.
 */
export function editDistance(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) > limit) return limit + 1;
  let beforePrevious: number[] = [];
  let previous = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row += 1) {
    const current = [row];
    for (let column = 1; column <= b.length; column += 1) {
      const same = a[row - 1] === b[column - 1];
      let cost = Math.min(
        at(previous, column) + 1,
        at(current, column - 1) + 1,
        at(previous, column - 1) + (same ? 0 : 1),
      );
      const swapped =
        row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1];
      if (swapped) cost = Math.min(cost, at(beforePrevious, column - 2) + 1);
      current.push(cost);
    }
    if (Math.min(...current) > limit) return limit + 1;
    beforePrevious = previous;
    previous = current;
  }
  return Math.min(at(previous, b.length), limit + 1);
}

function at(row: readonly number[], column: number): number {
  return row[column] ?? Number.POSITIVE_INFINITY;
}

/** The known name nearest to `text` without regard to case; of equally near ones the first. */
export function nearestName(text: string, known: Iterable<string>): string | undefined {
  // Beyond a name's length nothing can be a typing mistake, and long input would only cost time.
  if (text.length > 255) return undefined;
  // One mistake in three letters: `psl` may mean `psk`, but `abc` not `psk`.
  let limit = Math.max(1, Math.floor(text.length / 3));
  let best: string | undefined;
  for (const name of known) {
    const distance = editDistance(text.toLowerCase(), name.toLowerCase(), limit);
    if (distance > limit) continue;
    best = name;
    if (distance === 0) break;
    limit = distance - 1;
  }
  return best;
}

/** `did you mean "x"?`, or the known names when none is near and they are few. */
export function nameHint(text: string, known: readonly string[]): string | undefined {
  const nearest = nearestName(text, known);
  if (nearest !== undefined) return `did you mean "${nearest}"?`;
  if (known.length === 0 || known.length > 24) return undefined;
  return `use one of: ${known.join(', ')}`;
}
