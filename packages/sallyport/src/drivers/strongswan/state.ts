/** charon's part of a plan, what is there, and the steps between. */
import type { IkeSa, LoadedConnection } from '@sallyport/vici';
import type { CertificateFacts, RevocationListFacts } from '../../model/facts.ts';
import type { TunnelPlan } from '../../plan/host-plan.ts';
import type { SecretUse } from '../../plan/secret-reference.ts';
import type { Change } from '../driver.ts';

/** Tunnels by name. */
export type Names = ReadonlySet<string> | 'all';

export function isNamed(name: string, names: Names): boolean {
  return names === 'all' || names.has(name);
}

export interface StrongswanDesired {
  readonly tunnels: readonly TunnelPlan[];
  /** Of a preview: the others are known to be loaded as planned, and were not looked at. Absent: none is known. */
  readonly differing?: Names;
}

/** Nobody starts a daemon, or starts it anew, that no tunnel needs. */
export function needsDaemon({ tunnels }: StrongswanDesired): boolean {
  return tunnels.some(({ enabled }) => enabled);
}

export interface ChildOrigin {
  /** `childHash` of the configuration, or `OLDER`. */
  readonly hash: string;
  /** Unique id of the IKE SA it was seen in. */
  readonly ike: string;
  readonly name: string;
}

export interface SaOrigins {
  /** `peerHash` of the configuration, or `OLDER`, by unique id of the IKE SA. */
  readonly ike: ReadonlyMap<string, string>;
  /** By unique id of the Child SA. */
  readonly children: ReadonlyMap<string, ChildOrigin>;
}

/** What the daemon that is running now does not tell of itself. */
export interface LoadedMemory {
  /** Start of the daemon it speaks of, as time since boot: another one makes all of it void. */
  readonly daemonSince: string;
  /** Key id by `namespace/name fingerprint` of the Secret it came from. */
  readonly keys: Readonly<Record<string, string>>;
  /** `SaOrigins`, by unique id. */
  readonly ikeSas: Readonly<Record<string, string>>;
  readonly childSas: Readonly<Record<string, ChildOrigin>>;
}

/** A certificate that the daemon holds: loaded, or shown by a peer. */
export interface HeldCertificate {
  /** Lower-case hex SHA-256 of the DER. */
  readonly fingerprint: string;
  readonly hasPrivateKey: boolean;
  /** Absent where it cannot be read. */
  readonly facts?: CertificateFacts;
}

export interface ObservedStrongswan {
  readonly version: string;
  /** Life of the daemon, as the client counts them; 0: none. */
  readonly life: number;
  readonly daemonSince: string;
  /** Connections of ours by name, as the daemon lists them. */
  readonly connections: ReadonlyMap<string, LoadedConnection>;
  /** Ids of pre-shared keys of ours. */
  readonly shared: ReadonlySet<string>;
  /** Key ids that the daemon has, by `keyOf` the Secret they came from. */
  readonly keys: ReadonlyMap<string, string>;
  /** By fingerprint. */
  readonly certificates: ReadonlyMap<string, HeldCertificate>;
  /** By fingerprint, whoever gave them: since when each serial number is revoked. */
  readonly revocationLists: ReadonlyMap<string, ReadonlyMap<string, string>>;
  /** IKE SAs of our connections, in every state. */
  readonly sas: readonly IkeSa[];
  /** What is remembered of them. */
  readonly origins: SaOrigins;
}

/** A daemon that does not run holds nothing. */
export const NOTHING_LOADED: ObservedStrongswan = {
  version: '',
  life: 0,
  daemonSince: '',
  connections: new Map(),
  shared: new Set(),
  keys: new Map(),
  certificates: new Map(),
  revocationLists: new Map(),
  sas: [],
  origins: { ike: new Map(), children: new Map() },
};

/** What is looked at. */
export interface StrongswanLook {
  /** Connections of these names, and always all credentials; absent: neither is asked for. */
  readonly loaded?: Names;
  readonly sas: Names;
}

export type StrongswanStep =
  | { readonly type: 'shared-load'; readonly tunnel: TunnelPlan }
  | { readonly type: 'shared-unload'; readonly id: string }
  | { readonly type: 'certificate-load'; readonly use: SecretUse }
  | {
      readonly type: 'list-load';
      /** The Secret that holds it. */
      readonly use: SecretUse;
      readonly list: RevocationListFacts;
    }
  | { readonly type: 'key-unload'; readonly key: string; readonly id: string }
  | { readonly type: 'connection-load'; readonly tunnel: TunnelPlan }
  | {
      readonly type: 'connection-unload';
      readonly name: string;
      readonly ikeIds: readonly string[];
    }
  | { readonly type: 'ike-terminate'; readonly ikeIds: readonly string[] };

export interface StrongswanChange extends Change {
  readonly driver: 'strongswan';
  readonly step: StrongswanStep;
}

/** Names the content of a Secret: another content is another key. */
export function keyOf(use: SecretUse): string {
  return `${use.namespace}/${use.name} ${use.fingerprint}`;
}
