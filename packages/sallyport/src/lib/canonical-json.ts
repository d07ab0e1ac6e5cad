/** JSON with sorted keys, so that equal values are equal bytes and can be hashed. */
import { byKey } from './by-key.ts';

/** Canonical text of plain data. Lists keep their order; `undefined` members are left out. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, member: unknown) =>
    isRecord(member) ? Object.fromEntries(byKey(Object.entries(member))) : member,
  );
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
