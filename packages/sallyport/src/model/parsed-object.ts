/** A declared object with the places its fields were written at. */
import type { SourcePosition } from '../lib/problem.ts';
import type { DeclaredObject } from './objects.ts';

/** Keys and indexes from the object's root, as zod reports them. */
export type FieldPath = readonly (string | number)[];

export interface ParsedObject<T extends DeclaredObject = DeclaredObject> {
  readonly object: T;
  /** File that declares it; relative paths in it count from there. */
  readonly file: string;
  /** By formatted field path, `''` for the object itself; empty where there is no text. */
  readonly positions: ReadonlyMap<string, SourcePosition>;
}

/** `spec.tunnels[0].remote.address`. */
export function formatPath(path: FieldPath): string {
  let text = '';
  for (const step of path) {
    if (typeof step === 'number') text += `[${String(step)}]`;
    else text += text === '' ? step : `.${step}`;
  }
  return text;
}

/** Position of the field, or of the nearest field around it that was written. */
export function positionOf(
  positions: ReadonlyMap<string, SourcePosition>,
  path: FieldPath,
): SourcePosition | undefined {
  for (let length = path.length; length >= 0; length -= 1) {
    const position = positions.get(formatPath(path.slice(0, length)));
    if (position !== undefined) return position;
  }
  return undefined;
}
