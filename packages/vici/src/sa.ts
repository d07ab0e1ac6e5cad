// Typed views of the IKE and CHILD SA sections that list-sas and the SA events share. Nothing is guessed:
// what the daemon left out is absent here, and the section itself stays reachable as `raw`.

import type { Message } from './message.ts';

export const ikeStates = [
  'CREATED',
  'CONNECTING',
  'ESTABLISHED',
  'PASSIVE',
  'REKEYING',
  'REKEYED',
  'DELETING',
  'DESTROYING',
] as const;
/** REKEYING still works; REKEYED and DELETING are the old one of a pair. UNKNOWN: see `raw`. */
export type IkeState = (typeof ikeStates)[number] | 'UNKNOWN';

export const childStates = [
  'CREATED',
  'ROUTED',
  'INSTALLING',
  'INSTALLED',
  'UPDATING',
  'REKEYING',
  'REKEYED',
  'RETRYING',
  'DELETING',
  'DELETED',
  'DESTROYING',
] as const;
export type ChildState = (typeof childStates)[number] | 'UNKNOWN';

export interface Algorithm {
  readonly algorithm: string;
  /** Absent for algorithms with one key length. */
  readonly keyBits?: number;
}

export interface IkeSa {
  /** Name of the connection. */
  readonly name: string;
  /** Identifies this SA until the daemon ends; another one after each IKE rekey. */
  readonly uniqueId: string;
  readonly version: 1 | 2;
  readonly state: IkeState;
  readonly localHost: string;
  readonly localPort: number;
  readonly localId: string;
  readonly remoteHost: string;
  readonly remotePort: number;
  readonly remoteId: string;
  readonly remoteEapId?: string;
  readonly remoteXauthId?: string;
  /** Whether this side began the exchange. */
  readonly initiator: boolean;
  /** 16 hexadecimal digits; zeros while unknown. */
  readonly initiatorSpi: string;
  readonly responderSpi: string;
  readonly natLocal: boolean;
  readonly natRemote: boolean;
  readonly natAny: boolean;
  readonly natFake: boolean;
  readonly ifIdIn?: number;
  readonly ifIdOut?: number;
  readonly encryption?: Algorithm;
  readonly integrity?: Algorithm;
  readonly prf?: string;
  readonly dhGroup?: string;
  /** ake1 to ake7 in order; empty before strongSwan 6. */
  readonly additionalKeyExchanges: readonly string[];
  readonly postquantumPreshared: boolean;
  /** Seconds since it was established; only in state ESTABLISHED. */
  readonly establishedSeconds?: number;
  /** Seconds until the next rekeying; negative when overdue. */
  readonly rekeySeconds?: number;
  readonly reauthSeconds?: number;
  readonly localVips: readonly string[];
  readonly remoteVips: readonly string[];
  readonly tasksQueued: readonly string[];
  /** Long the same and not empty: it is retransmitting to a silent peer. */
  readonly tasksActive: readonly string[];
  readonly tasksPassive: readonly string[];
  readonly children: readonly ChildSa[];
  readonly raw: Message;
}

export interface ChildSa {
  /** Name of the child configuration; during a rekey two SAs carry the same. */
  readonly name: string;
  readonly uniqueId: string;
  readonly reqid: number;
  readonly state: ChildState;
  /** TUNNEL, TRANSPORT, TRANSPORT_PROXY, BEET, IPTFS, PASS or DROP. */
  readonly mode: string;
  readonly label?: string;
  /** ESP or AH; absent, like all below, before the SA is installed. */
  readonly protocol?: string;
  /** ESP in UDP. */
  readonly encapsulated: boolean;
  /** 8 hexadecimal digits. */
  readonly spiIn?: string;
  readonly spiOut?: string;
  readonly cpiIn?: string;
  readonly cpiOut?: string;
  readonly markIn?: number;
  readonly markInMask?: number;
  readonly markOut?: number;
  readonly markOutMask?: number;
  readonly ifIdIn?: number;
  readonly ifIdOut?: number;
  /** Since 6.0.2: one SA per CPU, and which CPU this one serves. */
  readonly perCpu: boolean;
  readonly cpu?: number;
  readonly encryptionAlgorithm?: string;
  readonly encryptionKeyBits?: number;
  readonly integrityAlgorithm?: string;
  readonly integrityKeyBits?: number;
  /** Absent for the child made in IKE_AUTH: it had no exchange of its own. */
  readonly dhGroup?: string;
  readonly additionalKeyExchanges: readonly string[];
  /** Extended sequence numbers. */
  readonly esn: boolean;
  readonly bytesIn: bigint;
  readonly packetsIn: bigint;
  readonly bytesOut: bigint;
  readonly packetsOut: bigint;
  /** Seconds since the last packet; absent when there was none. */
  readonly idleInSeconds?: number;
  readonly idleOutSeconds?: number;
  readonly rekeySeconds?: number;
  readonly lifeSeconds?: number;
  /** Seconds since it was installed. */
  readonly installSeconds?: number;
  readonly localTs: readonly string[];
  readonly remoteTs: readonly string[];
  readonly raw: Message;
}

const KEY_EXCHANGES = [1, 2, 3, 4, 5, 6, 7] as const;

/** Reads the section of one IKE_SA out of list-sas or an event; `name` is the section's name. */
export function parseIkeSa(name: string, section: Message): IkeSa {
  const encryption = algorithm(section, 'encr-alg', 'encr-keysize');
  const integrity = algorithm(section, 'integ-alg', 'integ-keysize');
  return {
    name,
    uniqueId: section.text('uniqueid') ?? '',
    version: section.text('version') === '1' ? 1 : 2,
    state: known(ikeStates, section.text('state')),
    localHost: section.text('local-host') ?? '',
    localPort: section.integer('local-port') ?? 0,
    localId: section.text('local-id') ?? '',
    remoteHost: section.text('remote-host') ?? '',
    remotePort: section.integer('remote-port') ?? 0,
    remoteId: section.text('remote-id') ?? '',
    ...optional('remoteEapId', section.text('remote-eap-id')),
    ...optional('remoteXauthId', section.text('remote-xauth-id')),
    initiator: section.flag('initiator'),
    initiatorSpi: section.text('initiator-spi') ?? '',
    responderSpi: section.text('responder-spi') ?? '',
    natLocal: section.flag('nat-local'),
    natRemote: section.flag('nat-remote'),
    natAny: section.flag('nat-any'),
    natFake: section.flag('nat-fake'),
    ...optional('ifIdIn', hex(section, 'if-id-in')),
    ...optional('ifIdOut', hex(section, 'if-id-out')),
    ...optional('encryption', encryption),
    ...optional('integrity', integrity),
    ...optional('prf', section.text('prf-alg')),
    ...optional('dhGroup', section.text('dh-group')),
    additionalKeyExchanges: keyExchanges(section),
    postquantumPreshared: section.flag('ppk'),
    ...optional('establishedSeconds', section.integer('established')),
    ...optional('rekeySeconds', section.integer('rekey-time')),
    ...optional('reauthSeconds', section.integer('reauth-time')),
    localVips: section.list('local-vips'),
    remoteVips: section.list('remote-vips'),
    tasksQueued: section.list('tasks-queued'),
    tasksActive: section.list('tasks-active'),
    tasksPassive: section.list('tasks-passive'),
    children: [...(section.section('child-sas')?.sections() ?? [])].map(([key, child]) =>
      parseChildSa(key, child),
    ),
    raw: section,
  };
}

/** Reads the section of one CHILD_SA; `key` is the section's name and counts only if `name` is missing. */
export function parseChildSa(key: string, section: Message): ChildSa {
  return {
    name: section.text('name') ?? key,
    uniqueId: section.text('uniqueid') ?? '',
    reqid: section.integer('reqid') ?? 0,
    state: known(childStates, section.text('state')),
    mode: section.text('mode') ?? '',
    ...optional('label', section.text('label')),
    ...optional('protocol', section.text('protocol')),
    encapsulated: section.flag('encap'),
    ...optional('spiIn', section.text('spi-in')),
    ...optional('spiOut', section.text('spi-out')),
    ...optional('cpiIn', section.text('cpi-in')),
    ...optional('cpiOut', section.text('cpi-out')),
    ...optional('markIn', hex(section, 'mark-in')),
    ...optional('markInMask', hex(section, 'mark-mask-in')),
    ...optional('markOut', hex(section, 'mark-out')),
    ...optional('markOutMask', hex(section, 'mark-mask-out')),
    ...optional('ifIdIn', hex(section, 'if-id-in')),
    ...optional('ifIdOut', hex(section, 'if-id-out')),
    perCpu: section.flag('per-cpu-sas'),
    ...optional('cpu', section.integer('cpu')),
    ...optional('encryptionAlgorithm', section.text('encr-alg')),
    ...optional('encryptionKeyBits', section.integer('encr-keysize')),
    ...optional('integrityAlgorithm', section.text('integ-alg')),
    ...optional('integrityKeyBits', section.integer('integ-keysize')),
    ...optional('dhGroup', section.text('dh-group')),
    additionalKeyExchanges: keyExchanges(section),
    esn: section.flag('esn'),
    bytesIn: section.bigint('bytes-in') ?? 0n,
    packetsIn: section.bigint('packets-in') ?? 0n,
    bytesOut: section.bigint('bytes-out') ?? 0n,
    packetsOut: section.bigint('packets-out') ?? 0n,
    ...optional('idleInSeconds', section.integer('use-in')),
    ...optional('idleOutSeconds', section.integer('use-out')),
    ...optional('rekeySeconds', section.integer('rekey-time')),
    ...optional('lifeSeconds', section.integer('life-time')),
    ...optional('installSeconds', section.integer('install-time')),
    localTs: section.list('local-ts'),
    remoteTs: section.list('remote-ts'),
    raw: section,
  };
}

function optional<K extends string, V>(key: K, value: V | undefined): { readonly [P in K]?: V } {
  // The computed key is exactly K; TypeScript widens it to string.
  return value === undefined ? {} : ({ [key]: value } as { readonly [P in K]: V });
}

function known<T extends string>(states: readonly T[], text: string | undefined): T | 'UNKNOWN' {
  return states.find((state) => state === text) ?? 'UNKNOWN';
}

function hex(section: Message, key: string): number | undefined {
  const text = section.text(key);
  return text !== undefined && /^[0-9a-f]{1,8}$/i.test(text)
    ? Number.parseInt(text, 16)
    : undefined;
}

function algorithm(section: Message, name: string, bits: string): Algorithm | undefined {
  const text = section.text(name);
  if (text === undefined) return undefined;
  return { algorithm: text, ...optional('keyBits', section.integer(bits)) };
}

function keyExchanges(section: Message): string[] {
  return KEY_EXCHANGES.flatMap((number) => section.text(`ake${String(number)}`) ?? []);
}
