// Typed views of the events about security associations. Follow SAs by `uniqueId`, never by name: with
// make-before-break the new SA of a connection comes up before the old one goes down.

import { firstSection } from './command-set.ts';
import type { Message } from './message.ts';
import { type ChildSa, type IkeSa, parseChildSa, parseIkeSa } from './sa.ts';

export type SaEvent =
  | { readonly type: 'ike-updown'; readonly up: boolean; readonly sa: IkeSa }
  | { readonly type: 'ike-rekey'; readonly old: IkeSa; readonly new: IkeSa }
  | {
      readonly type: 'ike-update';
      /** The addresses from now on; `sa` still shows the old ones. */
      readonly localHost: string;
      readonly localPort: number;
      readonly remoteHost: string;
      readonly remotePort: number;
      readonly sa: IkeSa;
    }
  /** `sa.children` is the one child that came or went. */
  | { readonly type: 'child-updown'; readonly up: boolean; readonly sa: IkeSa }
  | {
      readonly type: 'child-rekey';
      /** Its `children` are empty. */
      readonly sa: IkeSa;
      readonly old: ChildSa;
      readonly new: ChildSa;
    }
  /** Since 6.0.3. `alert` names the kind, e.g. `peer-auth-failed`; details are in the log only. */
  | { readonly type: 'alert'; readonly alert: string; readonly sa?: IkeSa }
  | {
      readonly type: 'log' | 'control-log';
      readonly group: string;
      readonly level: number;
      readonly ikeName?: string;
      readonly ikeUniqueId?: string;
      readonly text: string;
    };

/** Reads one event; undefined for events that are not listed above or lack their SA. */
export function parseSaEvent(name: string, message: Message): SaEvent | undefined {
  switch (name) {
    case 'ike-updown':
    case 'child-updown': {
      const sa = firstSa(message);
      return sa === undefined ? undefined : { type: name, up: message.flag('up'), sa };
    }
    case 'ike-update':
      return parseUpdate(message);
    case 'ike-rekey':
      return parseIkeRekey(message);
    case 'child-rekey':
      return parseChildRekey(message);
    case 'alert': {
      const section = message.section('ike-sa');
      const sa = section === undefined ? undefined : firstSa(section);
      const alert = message.text('type') ?? '';
      return { type: 'alert', alert, ...(sa === undefined ? {} : { sa }) };
    }
    case 'log':
    case 'control-log':
      return parseLog(name, message);
    default:
      return undefined;
  }
}

function firstSa(message: Message): IkeSa | undefined {
  const section = firstSection(message);
  return section === undefined ? undefined : parseIkeSa(...section);
}

function parseUpdate(message: Message): SaEvent | undefined {
  const sa = firstSa(message);
  if (sa === undefined) return undefined;
  return {
    type: 'ike-update',
    localHost: message.text('local-host') ?? '',
    localPort: message.integer('local-port') ?? 0,
    remoteHost: message.text('remote-host') ?? '',
    remotePort: message.integer('remote-port') ?? 0,
    sa,
  };
}

function parseIkeRekey(message: Message): SaEvent | undefined {
  const [name, pair] = firstSection(message) ?? [];
  const before = pair?.section('old');
  const after = pair?.section('new');
  if (name === undefined || before === undefined || after === undefined) return undefined;
  return { type: 'ike-rekey', old: parseIkeSa(name, before), new: parseIkeSa(name, after) };
}

function parseChildRekey(message: Message): SaEvent | undefined {
  const [name, section] = firstSection(message) ?? [];
  const children = section?.section('child-sas');
  const [child, pair] = (children === undefined ? undefined : firstSection(children)) ?? [];
  const before = pair?.section('old');
  const after = pair?.section('new');
  if (name === undefined || section === undefined || child === undefined) return undefined;
  if (before === undefined || after === undefined) return undefined;
  return {
    type: 'child-rekey',
    // The one entry in child-sas is a pair here, not a CHILD_SA.
    sa: { ...parseIkeSa(name, section), children: [] },
    old: parseChildSa(child, before),
    new: parseChildSa(child, after),
  };
}

function parseLog(type: 'log' | 'control-log', message: Message): SaEvent {
  const ikeName = message.text('ikesa-name');
  const ikeUniqueId = message.text('ikesa-uniqueid');
  return {
    type,
    group: message.text('group') ?? '',
    level: message.integer('level') ?? 0,
    ...(ikeName === undefined ? {} : { ikeName }),
    ...(ikeUniqueId === undefined ? {} : { ikeUniqueId }),
    text: message.text('msg') ?? '',
  };
}
