/** Virtual addresses that one of several gateways holds (VRRP version 3, RFC 5798). */
import type { Family } from '../lib/prefix.ts';

/**
 * One virtual router. Version 3 has one for each family. All hosts have the same right to its addresses: who
 * holds them keeps them until another one is fitter.
 */
export interface VrrpPlan {
  /** `sp-<namespace>-<gateway>-v4` or `-v6`. */
  readonly name: string;
  readonly family: Family;
  /** Where the virtual addresses live. */
  readonly interface: string;
  /** 1 to 255; unique on that LAN. */
  readonly virtualRouterId: number;
  /** Multiple of 10, 10 to 40950. */
  readonly advertisementMilliseconds: number;
  /** Our own address on that LAN; advertisements go from it to those of the others, and to nobody else. */
  readonly localAddress: string;
  readonly peers: readonly string[];
  /** With their lengths: `10.0.0.254/24`. */
  readonly virtualAddresses: readonly string[];
  /** Names of the tunnels of which one must be usable for this host to hold the addresses. */
  readonly tunnels: readonly string[];
}
