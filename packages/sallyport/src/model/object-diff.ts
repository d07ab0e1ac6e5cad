/** What a person has changed: declared objects before and after, field by field, each with its class. */
import type { ObjectRef } from '../lib/problem.ts';
import { CHANGE_CLASSES, type ChangeClass } from './change-classes.ts';
import type { Connection } from './connection.ts';
import { type DeclaredObject, refOf } from './objects.ts';
import type { Tunnel } from './tunnel.ts';

export interface FieldChange {
  readonly object: ObjectRef;
  /** `spec.tunnels[main].remote.id`; absent: the whole object came or went. */
  readonly path?: string;
  /** As in the declaration; absent: not there. */
  readonly before?: unknown;
  readonly after?: unknown;
  readonly class: ChangeClass;
  /** What it does in daemon and kernel. */
  readonly effect: string;
}

/** Sorted by object and path, whole tunnels last. Never shows content of secrets: declarations have only references. */
export function diffObjects(
  before: readonly DeclaredObject[],
  after: readonly DeclaredObject[],
): FieldChange[] {
  const old = new Map(before.map((object) => [keyOf(object), object]));
  const fresh = new Map(after.map((object) => [keyOf(object), object]));
  return [...new Set([...old.keys(), ...fresh.keys()])].sort().flatMap((key) => {
    const [left, right] = [old.get(key), fresh.get(key)];
    if (left !== undefined && right !== undefined) return diffObject(left, right);
    if (right !== undefined) {
      return [{ object: refOf(right), class: 'hot', effect: 'a new object', after: right.spec }];
    }
    if (left === undefined) return [];
    const effect = 'everything of it is removed';
    return [{ object: refOf(left), class: 'cut', effect, before: left.spec }];
  });
}

/** `Connection default/partner-a spec.crypto: default -> cnsa (roll: a new IKE SA …)`. */
export function formatFieldChange(change: FieldChange): string {
  const { kind, namespace, name } = change.object;
  const object = `${kind} ${namespace}/${name}`;
  const verdict = `(${change.class}: ${change.effect})`;
  if (change.path === undefined || change.path.endsWith(']')) {
    const whole = change.path === undefined ? object : `${object} ${change.path}`;
    return `${whole} ${change.after === undefined ? 'removed' : 'added'} ${verdict}`;
  }
  return `${object} ${change.path}: ${show(change.before)} -> ${show(change.after)} ${verdict}`;
}

function keyOf({ kind, metadata }: DeclaredObject): string {
  return `${kind} ${metadata.namespace}/${metadata.name}`;
}

function diffObject(before: DeclaredObject, after: DeclaredObject): FieldChange[] {
  // What nobody declared anew is the same object still.
  if (before.spec === after.spec && before.metadata.labels === after.metadata.labels) return [];
  const left = leavesOf({ metadata: { labels: before.metadata.labels }, spec: before.spec });
  const right = leavesOf({ metadata: { labels: after.metadata.labels }, spec: after.spec });
  const tunnels = wholeTunnels(before, after);
  const isWhole = (path: string): boolean =>
    tunnels.some((tunnel) => path.startsWith(`${tunnel.path}.`));
  const paths = [...new Set([...left.keys(), ...right.keys()])].sort();
  const fields = paths.flatMap((path): FieldChange[] => {
    const [was, is] = [left.get(path), right.get(path)];
    if (JSON.stringify(was) === JSON.stringify(is) || isWhole(path)) return [];
    const row = CHANGE_CLASSES[after.kind][path.replaceAll(/\[[^\]]*\]/g, '[]')];
    if (row === undefined) return [];
    return [
      {
        object: refOf(after),
        path,
        class: row.class,
        effect: row.effect,
        ...(was === undefined ? {} : { before: was }),
        ...(is === undefined ? {} : { after: is }),
      },
    ];
  });
  return [...fields, ...tunnels];
}

/** A tunnel that comes or goes is one change, whatever was declared of it. */
function wholeTunnels(
  before: DeclaredObject,
  after: DeclaredObject,
): (FieldChange & { readonly path: string })[] {
  if (before.kind !== 'Connection' || after.kind !== 'Connection') return [];
  const object = refOf(after);
  const missingIn = ({ spec }: Connection, tunnels: readonly Tunnel[]): readonly Tunnel[] =>
    tunnels.filter(({ name }) => !spec.tunnels.some((other) => other.name === name));
  const placeOf = ({ name, host }: Tunnel): { path: string; where: string } => ({
    path: `spec.tunnels[${name}]`,
    where: host === undefined ? '' : `, on ${host}`,
  });
  return [
    ...missingIn(after, before.spec.tunnels).map((tunnel) => {
      const { path, where } = placeOf(tunnel);
      const effect = `everything of it is removed${where}`;
      return { object, path, class: 'cut' as const, effect, before: tunnel };
    }),
    ...missingIn(before, after.spec.tunnels).map((tunnel) => {
      const { path, where } = placeOf(tunnel);
      return { object, path, class: 'hot' as const, effect: `a new tunnel${where}`, after: tunnel };
    }),
  ];
}

/** Values by path. A list of objects goes by their names, or else by their places; a list of values and `labels` are one value. */
function leavesOf(value: unknown, path = ''): Map<string, unknown> {
  const leaves = new Map<string, unknown>();
  const addAll = (member: unknown, name: string): void => {
    for (const [key, leaf] of leavesOf(member, name)) leaves.set(key, leaf);
  };
  if (isRecord(value) && path !== 'metadata.labels') {
    for (const [name, member] of Object.entries(value)) {
      addAll(member, path === '' ? name : `${path}.${name}`);
    }
  } else if (Array.isArray(value) && value.some(isRecord)) {
    for (const [index, item] of value.filter(isRecord).entries())
      addAll(item, `${path}[${'name' in item ? String(item['name']) : index}]`);
  } else if (value !== undefined) {
    leaves.set(path, value);
  }
  return leaves;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function show(value: unknown): string {
  if (value === undefined) return 'unset';
  if (Array.isArray(value)) return value.length === 0 ? 'none' : value.map(String).join(', ');
  return typeof value === 'string' ? value : JSON.stringify(value);
}
