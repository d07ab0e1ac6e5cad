/** Forms of charon's log lines that more than one reader knows. */

/** `generating IKE_AUTH request 1 [ IDi AUTH SA TSi TSr ]`: verb, exchange, direction, payloads. */
export const MESSAGE: RegExp = /^(generating|parsed) (\S+) (request|response) \d+ \[ (.*)\]$/;

/** From, its port, to, its port. */
export const PACKET: RegExp =
  /^(?:sending|received) packet: from (\S+)\[(\d+)\] to (\S+)\[(\d+)\] \(\d+ bytes\)$/;
