/** Events as text: one line each, in columns as long as there are several hosts and reasons to tell apart. */
import { printable } from '../../lib/printable.ts';
import { clock } from '../format.ts';
import type { Event, EventObject } from './event.ts';
import { EVENT_REASONS } from './event-reasons.ts';

const REASON_WIDTH = Math.max(...Object.keys(EVENT_REASONS).map((reason) => reason.length));

/** Ends with a line break. */
export function formatEvent({ at, host, reason, object, before, after, cause }: Event): string {
  const change = [before, after].filter((value) => value !== undefined).map(short);
  const parts = [
    formatObject(object),
    ...(change.length === 0 ? [] : [change.join(' -> ')]),
    ...(cause === undefined ? [] : [`${cause.message} [${cause.code}]`]),
  ];
  const line = `${clock(at)}  ${host}  ${reason.padEnd(REASON_WIDTH)}  ${parts.join(': ')}`;
  return `${printable(line)}\n`;
}

function formatObject({ kind, namespace, name, tunnel, shard, neighbor }: EventObject): string {
  const path = namespace === undefined ? name : `${namespace}/${name}`;
  const object = kind === 'Connection' ? path : `${kind} ${path}`;
  if (shard !== undefined) return `${object} shard ${shard}`;
  if (neighbor !== undefined) return `${object} BGP with ${neighbor}`;
  return tunnel === undefined ? object : `${object} ${tunnel}`;
}

/** Revisions are shown by their first digits, as everywhere. */
function short(value: string): string {
  return /^[0-9a-f]{64}$/.test(value) ? value.slice(0, 12) : value;
}
