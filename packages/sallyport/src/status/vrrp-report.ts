/** What one host holds of the virtual addresses of its gateways, read back from keepalived and its interfaces. */
import type { Family } from '../lib/prefix.ts';

/**
 * `master`: this host holds the addresses. `backup`: another one does, or is about to. `fault`: it stands aside.
 * `stopped`: keepalived does not run.
 */
export type VrrpState = 'master' | 'backup' | 'fault' | 'stopped';

export interface VrrpReport {
  /** `sp-<namespace>-<gateway>-v4` or `-v6`. */
  readonly name: string;
  readonly family: Family;
  readonly interface: string;
  readonly virtualRouterId: number;
  readonly state: VrrpState;
  /** RFC 3339: when `state` was entered; absent where keepalived does not run. */
  readonly since?: string;
  /** Addresses of the hosts that may hold them as well. */
  readonly others: readonly string[];
  /** The virtual addresses, with their lengths. */
  readonly addresses: readonly string[];
  /** Those that are on the interface, without lengths. */
  readonly held: readonly string[];
  /** Another host tells that it holds them. */
  readonly masterHeard?: true;
  /** Another host holds them, and its tunnels are in doubt or coming up, or it is drained itself. */
  readonly heldInDoubt?: true;
  /** Why it is so, in words a person can act on. */
  readonly why: string;
}
