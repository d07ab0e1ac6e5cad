/** A host that is left without packets, before it is stopped. Plain data. */

/** What outlives the agent. */
export interface DrainState {
  /** RFC 3339. */
  readonly since: string;
  /** Names of the tunnels in which BGP has ended, as the other side did not prefer others by itself. */
  readonly resting: readonly string[];
}

export interface DrainReport extends DrainState {
  /** Packets of others, since the drain began or the host booted; absent where they could not be counted. */
  readonly forwarded?: readonly ForwardedReport[];
}

export interface ForwardedReport {
  /** Names of the tunnels whose interface they passed: in user space all share one. Empty: they passed none, as to another gateway of ours. */
  readonly tunnels: readonly string[];
  /** From other sites. */
  readonly packetsIn: number;
  /** To other sites. */
  readonly packetsOut: number;
}

/** Tunnels that are taken out on purpose, to see what becomes of their packets. */
export interface DrillReport {
  /** Names, sorted. */
  readonly tunnels: readonly string[];
  /** RFC 3339: the agent brings them back by then. */
  readonly until: string;
}
