// Checks a connection before it is sent, because the daemon's own words mislead: a list in place of a
// scalar is an "unknown option" to it, and a name over 255 bytes cannot be put on the wire at all.

import {
  authenticationLists,
  authenticationScalars,
  type ConnectionInput,
  childLists,
  childScalars,
  connectionLists,
  connectionScalars,
} from './connection-input.ts';
import { MAX_NAME_BYTES, MAX_VALUE_BYTES } from './elements.ts';
import { inputPairs, isList, isSection } from './input.ts';
import type { InputValue, MessageInput } from './message.ts';

export type InputProblemCode =
  | 'unknown-key'
  | 'expected-scalar'
  | 'expected-list'
  | 'expected-section'
  | 'name-length'
  | 'value-length'
  | 'not-an-integer'
  | 'time-syntax'
  | 'unsupported-version';

export interface InputProblem {
  readonly path: readonly string[];
  readonly code: InputProblemCode;
  readonly message: string;
}

interface Schema {
  readonly scalars: ReadonlySet<string>;
  readonly lists: ReadonlySet<string>;
  readonly section: (key: string) => Schema | undefined;
}

const token: Schema = {
  scalars: new Set(['file', 'handle', 'slot', 'module']),
  lists: new Set(),
  section: () => undefined,
};

const authentication: Schema = {
  scalars: new Set(authenticationScalars),
  lists: new Set(authenticationLists),
  section: (key) => (key.startsWith('cert') || key.startsWith('cacert') ? token : undefined),
};

const child: Schema = {
  scalars: new Set(childScalars),
  lists: new Set(childLists),
  section: () => undefined,
};

const children: Schema = { scalars: new Set(), lists: new Set(), section: () => child };

const connectionSchema: Schema = {
  scalars: new Set(connectionScalars),
  lists: new Set(connectionLists),
  section: (key) => {
    if (key === 'children') return children;
    return key.startsWith('local') || key.startsWith('remote') ? authentication : undefined;
  },
};

const TIME_KEYS = new Set([
  'dpd_delay',
  'dpd_timeout',
  'reauth_time',
  'rekey_time',
  'over_time',
  'rand_time',
  'life_time',
  'inactivity',
]);

/** The release that first knows a key; an older daemon refuses the connection that has it. */
const KEY_SINCE: ReadonlyMap<string, readonly [number, number, number]> = new Map([
  ['ocsp', [5, 9, 14]],
  ['per_cpu_sas', [6, 0, 2]],
  ['icmp', [6, 0, 5]],
]);

/** Every problem of one connection; empty when it can be sent. */
export function checkConnection(
  name: string,
  connection: ConnectionInput,
  daemonVersion?: string,
): readonly InputProblem[] {
  const problems: InputProblem[] = [];
  const version = daemonVersion === undefined ? undefined : parseVersion(daemonVersion);
  checkName([name], problems);
  checkSection(connectionSchema, connection, { path: [name], problems, version });
  return problems;
}

/** Seconds of a VICI time: a number with an optional unit s, m, h or d. */
export function parseTime(text: string): number | undefined {
  const match = /^(?<number>\d{1,10}) ?(?<unit>[smhd]?)$/.exec(text);
  if (match === null) return undefined;
  const factor = { '': 1, s: 1, m: 60, h: 3600, d: 86_400 }[match.groups?.['unit'] ?? ''];
  // strtoul with base 0 reads a leading zero as octal; nobody means that.
  const number = match.groups?.['number'] ?? '';
  if (factor === undefined || /^0\d/.test(number)) return undefined;
  return Number(number) * factor;
}

interface Place {
  readonly path: readonly string[];
  readonly problems: InputProblem[];
  readonly version: readonly number[] | undefined;
}

function checkSection(schema: Schema, input: MessageInput, place: Place): void {
  for (const [key, value] of inputPairs(input)) {
    const here: Place = { ...place, path: [...place.path, key] };
    checkName(here.path, here.problems);
    checkSince(key, here);
    if (schema.scalars.has(key)) checkScalar(key, value, here);
    else if (schema.lists.has(key)) checkList(value, here);
    else checkInner(schema.section(key), value, here);
  }
}

function checkInner(inner: Schema | undefined, value: InputValue, place: Place): void {
  if (inner === undefined) report(place, 'unknown-key', 'not a known option');
  else if (isSection(value)) checkSection(inner, value, place);
  else report(place, 'expected-section', 'a section is expected here');
}

function checkScalar(key: string, value: InputValue, place: Place): void {
  if (isList(value) || isSection(value)) {
    report(place, 'expected-scalar', 'one value is expected here, not a list or section');
    return;
  }
  if (typeof value === 'number' && !Number.isSafeInteger(value)) {
    report(place, 'not-an-integer', 'a number must be a safe integer');
    return;
  }
  checkLength(value, place);
  if (TIME_KEYS.has(key) && typeof value === 'string' && parseTime(value) === undefined) {
    report(place, 'time-syntax', 'a number with s, m, h or d is expected here');
  }
}

function checkList(value: InputValue, place: Place): void {
  if (!isList(value)) {
    report(place, 'expected-list', 'a list is expected here, also for a single value');
    return;
  }
  for (const item of value) checkLength(item, place);
}

function checkLength(
  value: Exclude<InputValue, MessageInput | readonly unknown[]>,
  place: Place,
): void {
  const bytes = value instanceof Uint8Array ? value.length : Buffer.byteLength(String(value));
  if (bytes > MAX_VALUE_BYTES) {
    report(place, 'value-length', `${String(bytes)} bytes, at most 65535 are possible`);
  }
}

function checkName(path: readonly string[], problems: InputProblem[]): void {
  const bytes = Buffer.byteLength(path.at(-1) ?? '');
  if (bytes >= 1 && bytes <= MAX_NAME_BYTES) return;
  const message = `a name has 1 to 255 bytes, this one ${String(bytes)}`;
  problems.push({ path, code: 'name-length', message });
}

function checkSince(key: string, place: Place): void {
  const since = KEY_SINCE.get(key);
  if (since === undefined || place.version === undefined) return;
  if (isBefore(place.version, since)) {
    report(place, 'unsupported-version', `known from strongSwan ${since.join('.')} on`);
  }
}

function report(place: Place, code: InputProblemCode, message: string): void {
  place.problems.push({ path: place.path, code, message });
}

function parseVersion(text: string): readonly number[] | undefined {
  const match = /^(\d+)\.(\d+)\.(\d+)/.exec(text);
  return match === null ? undefined : match.slice(1).map(Number);
}

function isBefore(version: readonly number[], since: readonly number[]): boolean {
  for (const [index, part] of since.entries()) {
    const ours = version[index] ?? 0;
    if (ours !== part) return ours < part;
  }
  return false;
}
