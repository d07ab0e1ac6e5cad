// Knowing later what was sent. list-conns shows too little to compare with, so an owner keeps a hash of
// each thing it loaded and decides by that whether and how to load again.

import { createHash } from 'node:crypto';
import type { ConnectionInput, Scalar } from './connection-input.ts';
import { inputPairs, isSection } from './input.ts';
import type { MessageInput } from './message.ts';
import { encodeMessage } from './message-encode.ts';

/**
 * SHA-256 in hexadecimal digits over the bytes that would be sent. Order counts, since it has a meaning.
 * Of a secret it still allows guessing; keep it as carefully as the secret.
 */
export function fingerprint(input: MessageInput): string {
  return createHash('sha256').update(encodeMessage(input)).digest('hex');
}

/**
 * What has to be done to bring a loaded connection from one state to another.
 * none: nothing differs. load: load-conn does it.
 * unload-then-load: load-conn alone would answer success and keep old values. Unloading removes traps, and
 * closes the SAs of children with `start_action = start`.
 */
export type ConnectionUpdate = 'none' | 'load' | 'unload-then-load';

/** charon (up to at least 6.0.6) leaves these out of its comparison with the loaded connection. */
const NOT_COMPARED = ['dpd_timeout', 'dscp'] as const;

export function connectionUpdate(
  loaded: ConnectionInput,
  wanted: ConnectionInput,
): ConnectionUpdate {
  if (fingerprint(loaded) === fingerprint(wanted)) return 'none';
  const ignored = NOT_COMPARED.some((key) => text(loaded[key]) !== text(wanted[key]));
  return ignored || renamesChild(loaded, wanted) ? 'unload-then-load' : 'load';
}

/**
 * A child's name is no part of charon's comparison: renamed but else equal it counts as unchanged and keeps
 * its trap under the old name.
 */
function renamesChild(loaded: ConnectionInput, wanted: ConnectionInput): boolean {
  const before = childPrints(loaded);
  const after = childPrints(wanted);
  const gone = new Set([...before].filter(([name]) => !after.has(name)).map(([, print]) => print));
  return [...after].some(([name, print]) => !before.has(name) && gone.has(print));
}

function childPrints(connection: ConnectionInput): Map<string, string> {
  const children = [...inputPairs(connection.children ?? {})];
  return new Map(
    children.flatMap(([name, child]): [string, string][] =>
      isSection(child) ? [[name, fingerprint(child)]] : [],
    ),
  );
}

function text(value: Scalar | undefined): string {
  return value === undefined ? '' : String(value);
}
