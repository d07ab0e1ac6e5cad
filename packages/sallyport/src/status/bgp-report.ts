/** What one host really speaks of BGP and BFD, read back from its daemons. Plain data. */
import type { Family } from '../lib/prefix.ts';

export interface BgpReport {
  /** Of FRR: `8.4.4`. */
  readonly version: string;
  readonly asn: number;
  /** Dotted quad. */
  readonly routerId: string;
  /** Sorted by address; also those that have called without being listed. */
  readonly sessions: readonly BgpSessionReport[];
  readonly learned: LearnedReport;
}

/** RFC 4271 §8.2.2. `stopped`: switched off, by us while it is configured or by somebody else. */
export type BgpState =
  | 'idle'
  | 'connect'
  | 'active'
  | 'open-sent'
  | 'open-confirm'
  | 'established'
  | 'stopped';

export interface BgpSessionReport {
  readonly address: string;
  /** As planned; absent for one that has called without being listed. */
  readonly description?: string;
  readonly asn: number;
  /** Name of the tunnel that leads to it; absent for hosts of the cluster. */
  readonly tunnel?: string;
  readonly state: BgpState;
  /** RFC 3339; wavers by a second. Absent where it has never been established. */
  readonly establishedSince?: string;
  /** Since the daemon started. */
  readonly timesEstablished: number;
  readonly timesLost: number;
  /** Of a session that is up: as both sides have agreed. */
  readonly holdSeconds?: number;
  readonly keepaliveSeconds?: number;
  /** Of a session that is up; sorted. */
  readonly families: readonly BgpFamilyReport[];
  /** Why it ended last; absent where it never did. */
  readonly lastReset?: BgpReset;
  /** Absent without BFD. */
  readonly bfd?: BfdReport;
}

export interface BgpFamilyReport {
  readonly family: Family;
  /** All that it tells. */
  readonly received: number;
  /** What of that our policy lets in. */
  readonly accepted: number;
  readonly advertised: number;
  /**
   * The first of these, as many as {@link MOST_ADVERTISED}, sorted; absent where it is told more than {@link MOST_PREFIXES},
   * and of hosts of the cluster.
   */
  readonly advertisedPrefixes?: readonly string[];
  /** At which the session ends; absent: none. */
  readonly limit?: number;
}

export interface BgpReset {
  /** As FRR has it: `Peer closed the session`. */
  readonly reason: string;
  /** NOTIFICATION (RFC 4271 §4.5) that was sent or received: `Cease/Maximum Number of Prefixes Reached`. */
  readonly notification?: string;
  readonly secondsAgo: number;
}

/** RFC 5880 §6.8.1. */
export interface BfdReport {
  readonly state: 'up' | 'init' | 'down' | 'stopped';
  /** Between our packets, as both sides have agreed. */
  readonly transmitMilliseconds: number;
  /** After so long without a packet it is down. */
  readonly detectMilliseconds: number;
  /** RFC 5880 §4.1; absent: none. */
  readonly diagnostic?: string;
}

/** That are named in a report; of more, it and its makers would be busy with nothing else. */
export const MOST_PREFIXES = 500;

/** That are named for each neighbour and family. */
export const MOST_ADVERTISED = 20;

/** Prefixes that others have told us, that our policy lets in, and whose next hop can be reached. */
export interface LearnedReport {
  readonly total: number;
  /** Of those, the ones that the kernel has. */
  readonly installed: number;
  /** Sorted; absent where there are more than {@link MOST_PREFIXES}. */
  readonly prefixes?: readonly LearnedPrefix[];
}

export interface LearnedPrefix {
  readonly prefix: string;
  /** Addresses, sorted. */
  readonly nextHops: readonly string[];
  readonly installed: boolean;
}

/** Whether it exchanges routes. */
export function isEstablished({ state }: BgpSessionReport): boolean {
  return state === 'established';
}
