// Numbers drawn at random that can be drawn again: a case prints its seed, SALLYPORT_LAB_SEED sets it.

export interface RandomSource {
  readonly seed: number;
  /** In [0, 1). */
  next(): number;
}

export function randomSource(): RandomSource {
  const given = process.env['SALLYPORT_LAB_SEED'];
  const seed = given === undefined ? Math.trunc(Math.random() * 2 ** 32) : Number(given);
  if (!Number.isInteger(seed)) throw new Error(`SALLYPORT_LAB_SEED=${given ?? ''} is no number`);
  let state = seed >>> 0;
  // mulberry32: one word of state is plenty for a few moments.
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  return { seed, next };
}
