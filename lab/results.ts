// What a pass of the lab hands back: a small file, because a guest has no other way to tell.

export interface CaseCounts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

export function parseCounts(text: string): CaseCounts {
  const value: unknown = JSON.parse(text);
  return {
    passed: count(value, 'passed'),
    failed: count(value, 'failed'),
    skipped: count(value, 'skipped'),
  };
}

function count(value: unknown, name: string): number {
  const found: unknown =
    value === null || typeof value !== 'object' ? undefined : Reflect.get(value, name);
  if (typeof found === 'number') return found;
  throw new Error(`the result of the lab has no number "${name}"`);
}
