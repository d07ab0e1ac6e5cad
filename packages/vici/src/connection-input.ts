// What load-conn accepts, key by key, as strongSwan 5.9 and 6.x read it (vici_config.c; swanctl.conf(5),
// "connections"). The same tables give the types and the validator, so that they cannot disagree.
// A scalar sent as a list, or the reverse, is refused by the daemon as "unknown option".

import type { MessageInput } from './message.ts';

export const connectionScalars = [
  'version',
  'local_port',
  'remote_port',
  'aggressive',
  'pull',
  'dscp',
  'encap',
  'mobike',
  'dpd_delay',
  'dpd_timeout',
  'fragmentation',
  'childless',
  'send_certreq',
  'send_cert',
  'ocsp',
  'keyingtries',
  'unique',
  'reauth_time',
  'rekey_time',
  'over_time',
  'rand_time',
  'ppk_id',
  'ppk_required',
  'if_id_in',
  'if_id_out',
  'mediation',
  'mediated_by',
  'mediation_peer',
] as const;

export const connectionLists = [
  'local_addrs',
  'remote_addrs',
  'proposals',
  'vips',
  'pools',
] as const;

export const authenticationScalars = [
  'auth',
  'id',
  'ca_id',
  'aaa_id',
  'eap_id',
  'xauth_id',
  'revocation',
  'round',
] as const;

export const authenticationLists = [
  'groups',
  'cert_policy',
  'certs',
  'cacerts',
  'pubkeys',
] as const;

export const childScalars = [
  'mode',
  'policies',
  'policies_fwd_out',
  'replay_window',
  'rekey_time',
  'life_time',
  'rand_time',
  'rekey_bytes',
  'life_bytes',
  'rand_bytes',
  'rekey_packets',
  'life_packets',
  'rand_packets',
  'dpd_action',
  'start_action',
  'close_action',
  'ipcomp',
  'inactivity',
  'reqid',
  'priority',
  'interface',
  'mark_in',
  'mark_in_sa',
  'mark_out',
  'set_mark_in',
  'set_mark_out',
  'if_id_in',
  'if_id_out',
  'label',
  'label_mode',
  'tfc_padding',
  'hw_offload',
  'sha256_96',
  'copy_df',
  'copy_ecn',
  'copy_dscp',
  'icmp',
  'per_cpu_sas',
  'updown',
  'hostaccess',
] as const;

export const childLists = ['ah_proposals', 'esp_proposals', 'local_ts', 'remote_ts'] as const;

/** Text as in swanctl.conf, or a number, or a boolean for yes and no. */
export type Scalar = string | number | bigint | boolean;

type Options<S extends string, L extends string> = {
  readonly [K in S]?: Scalar | undefined;
} & { readonly [K in L]?: readonly (string | Uint8Array)[] | undefined };

/** Names to sections; a Map keeps the order of integer-like names. */
export type Named<T> = Readonly<Record<string, T>> | ReadonlyMap<string, T>;

/** One authentication round. `certs`, `cacerts` and `pubkeys` are DER or PEM contents, not paths. */
export type AuthenticationInput = Options<
  (typeof authenticationScalars)[number],
  (typeof authenticationLists)[number]
> & {
  /** A certificate on a token, or a file that the daemon opens itself. */
  readonly [K in `cert${number | ''}` | `cacert${number | ''}`]?:
    | { readonly [K in 'file' | 'handle' | 'slot' | 'module']?: Scalar | undefined }
    | undefined;
};

/** One CHILD_SA configuration. */
export type ChildInput = Options<(typeof childScalars)[number], (typeof childLists)[number]>;

/** One connection. Further rounds go into `local-2`, `remote-2` and so on, in the order of their keys. */
export type ConnectionInput = Options<
  (typeof connectionScalars)[number],
  (typeof connectionLists)[number]
> & {
  readonly children?: Named<ChildInput> | undefined;
  readonly local?: AuthenticationInput | undefined;
  readonly remote?: AuthenticationInput | undefined;
} & {
  readonly [K in `local-${string}` | `remote-${string}`]?: AuthenticationInput | undefined;
};

/** The message of one load-conn: the connection under its name. */
export function connectionMessage(name: string, connection: ConnectionInput): MessageInput {
  return new Map([[name, connection]]);
}
