/**
 * The options of load-conn that a site-to-site tunnel may need, with the values that charon 5.9 and 6.0
 * take, by swanctl.conf(5). Everything else makes it discard the connection, and so does a list where
 * one value belongs, or the reverse.
 */
type Options = Readonly<Record<string, 'list' | RegExp>>;

const FLAG = /^(?:true|false)$/;
const SECONDS = /^\d+s$/;
const NUMBER = /^\d+$/;
const ACTION = /^(?:none|trap|start)$/;

export const CONNECTION_OPTIONS: Options = {
  version: /^2$/,
  mobike: FLAG,
  encap: FLAG,
  unique: /^(?:never|no|replace|keep)$/,
  local_addrs: 'list',
  remote_addrs: 'list',
  proposals: 'list',
  rekey_time: SECONDS,
  over_time: SECONDS,
  rand_time: SECONDS,
  dpd_delay: SECONDS,
  fragmentation: /^(?:yes|accept|force|no)$/,
  send_cert: /^(?:ifasked|always|never)$/,
  send_certreq: FLAG,
  childless: /^(?:allow|prefer|force|never)$/,
};

export const ROUND_OPTIONS: Options = {
  auth: /^(?:psk|pubkey)$/,
  id: /^.+$/,
  revocation: /^(?:strict|ifuri|relaxed)$/,
  groups: 'list',
  certs: 'list',
  cacerts: 'list',
};

export const CHILD_OPTIONS: Options = {
  mode: /^tunnel$/,
  local_ts: 'list',
  remote_ts: 'list',
  esp_proposals: 'list',
  rekey_time: SECONDS,
  life_time: SECONDS,
  rekey_bytes: NUMBER,
  life_bytes: NUMBER,
  rekey_packets: NUMBER,
  life_packets: NUMBER,
  rand_packets: NUMBER,
  replay_window: NUMBER,
  reqid: NUMBER,
  if_id_in: NUMBER,
  if_id_out: NUMBER,
  mark_in: NUMBER,
  mark_out: NUMBER,
  start_action: ACTION,
  close_action: ACTION,
  dpd_action: /^(?:clear|trap|restart)$/,
};
