/** Results that are kept at most, of each function: more than the prefixes that a node learns. */
const KEPT = 32_768;

/**
 * A pure function of a text, with its last results at hand: checks, plan and drivers ask for the same few thousand
 * addresses again and again.
 */
export function remembering<T>(compute: (text: string) => T): (text: string) => T {
  let known = new Map<string, T>();
  return (text) => {
    const before = known.get(text);
    if (before !== undefined) return before;
    const result = compute(text);
    // All at once: to find the oldest of them costs more than to compute them again.
    if (known.size >= KEPT) known = new Map();
    known.set(text, result);
    return result;
  };
}

/**
 * For long texts, and objects that never change, which are mostly the same as the last time: then the result is the
 * same object, too.
 */
export function rememberingLast<A extends readonly unknown[], T>(
  compute: (...args: A) => T,
): (...args: A) => T {
  let last: { readonly args: A; readonly result: T } | undefined;
  return (...args) => {
    const isSame =
      last?.args.length === args.length && last.args.every((arg, index) => arg === args[index]);
    if (last === undefined || !isSame) last = { args, result: compute(...args) };
    return last.result;
  };
}
