// The length of cases that prove the more the longer they run: short ones find what a change has broken.

/** `1`: whole lengths. `node lab/run.ts --whole` and `make lab` set it. */
export const WHOLE_VARIABLE = 'SALLYPORT_LAB_WHOLE';

export function isWhole(): boolean {
  return process.env[WHOLE_VARIABLE] === '1';
}

export function atLength({
  whole,
  short,
}: {
  readonly whole: number;
  readonly short: number;
}): number {
  return isWhole() ? whole : short;
}
