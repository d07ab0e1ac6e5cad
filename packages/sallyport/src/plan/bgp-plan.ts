/** What one host speaks of BGP (RFC 4271), with BFD (RFC 5880) where the other side can. Sorted, without secrets. */
import type { Family } from '../lib/prefix.ts';
import type { SecretUse } from './secret-reference.ts';

export interface BgpPlan {
  /** 1 to 2^32 - 1. */
  readonly asn: number;
  /** Dotted quad; unique among all speakers of the AS. */
  readonly routerId: string;
  /** What is announced to anybody at all; a neighbour gets of it what its `advertise` names. */
  readonly originate: readonly string[];
  /** Networks to which tunnels of this host lead by declaration: told to `nodes` alone. Absent: none. */
  readonly declared?: readonly string[];
  /** Those of them to which no tunnel leads now: not told. Absent: none. */
  readonly unreached?: readonly string[];
  /** Those of them whose tunnels are doubtful: any other gateway that tells of them is preferred. Absent: none. */
  readonly doubtful?: readonly string[];
  /** Accepted from no `peer`, whatever it may announce: what is ours, and what no site may have. */
  readonly refuse: readonly PrefixRange[];
  /** Sorted by address. */
  readonly neighbors: readonly BgpNeighborPlan[];
  /** Hosts of the cluster that may call without being listed; absent: none. */
  readonly nodes?: BgpNodesPlan;
  /** What the host itself sends from to what it has learned, at most one address of each family; absent: as the kernel chooses. */
  readonly sources?: readonly string[];
  /** Before this host goes: what it tells is to be preferred by nobody any more (RFC 8326). */
  readonly gracefulShutdown?: true;
}

/** Of `maximumPrefixes`: who tells more is named before the session ends. */
export const WARNING_PERCENT = 80;

/** LOCAL_PREF of what a doubtful tunnel leads to: whoever leads there too is preferred, but who is drained (RFC 8326 §4.3: 0). */
export const LAST_PREFERENCE = 1;

/** A prefix and all inside it, up to this length. */
export interface PrefixRange {
  readonly prefix: string;
  /** At least the length of the prefix, at most the width of the family. */
  readonly longest: number;
}

/** The prefix, and nothing inside it. */
export function exactly(prefix: string): PrefixRange {
  return { prefix, longest: Number(prefix.split('/')[1]) };
}

export interface BgpTimers {
  /** 1 to 21845. */
  readonly keepaliveSeconds: number;
  /** 3 to 65535; the smaller of both sides holds (RFC 4271 §4.2). */
  readonly holdSeconds: number;
  readonly connectRetrySeconds: number;
}

/** Asynchronous mode (RFC 5880 §6.8.4): a neighbour is down after `multiplier` intervals without a packet. */
export interface BfdPlan {
  /** 50 to 60000, both ways. */
  readonly intervalMilliseconds: number;
  /** 2 to 255. */
  readonly multiplier: number;
}

export interface BgpNeighborPlan {
  readonly address: string;
  /**
   * `peer`: of another network, eBGP in a tunnel. `gateway`: another gateway of ours, iBGP.
   * `reflector`: a gateway of ours, as a node sees it.
   */
  readonly kind: 'peer' | 'gateway' | 'reflector';
  /** What people call it: `namespace/connection/tunnel`, or the name of the host. */
  readonly description: string;
  /** Name of the tunnel that leads to it; of a `peer`, and only there. */
  readonly tunnel?: string;
  readonly asn: number;
  readonly localAddress: string;
  readonly families: readonly Family[];
  readonly timers: BgpTimers;
  readonly bfd?: BfdPlan;
  /**
   * `connected`: in a subnet of our interface, packets come with TTL 255 (RFC 5082), and those of BFD are then
   * multihop (RFC 5883) in FRR. `any-ttl`: as that, without the check. `unconnected`: has an address of its own,
   * without a subnet.
   */
  readonly reach: 'connected' | 'any-ttl' | 'unconnected';
  /** Secret of the TCP MD5 signature (RFC 2385); absent: none. */
  readonly password?: SecretUse;
  /** Nothing is to come by its tunnel now: the session is ended, and its configuration stays. */
  readonly shutdown?: true;
  /** So many times more our AS number stands in what it is told, for who prefers short ways. */
  readonly prepend?: number;
  /** What is taken from it; nothing else is. */
  readonly accept: readonly PrefixRange[];
  /** What of `originate` is told to it. */
  readonly advertise: readonly string[];
  /** It does not notice by itself that another gateway of ours has died. */
  readonly standIn?: StandInPlan;
  /** What others have told us is told to it, too. */
  readonly transit: boolean;
  /** For each family; what is told beyond that ends the session for some minutes. */
  readonly maximumPrefixes: number;
  /** LOCAL_PREF of what it tells: the highest wins. Absent: as it comes, from a speaker of our AS. */
  readonly localPreference?: number;
  /** Large community (RFC 8092) of what it tells: `asn:83:number of the tunnel`. Absent: as it comes. */
  readonly community?: string;
}

/** What a neighbour is told while others of our gateways, which it knows as well, are silent. */
export interface StandInPlan {
  /** Names of the hosts. Sorted. */
  readonly hosts: readonly string[];
  /** Beside the usual: longer prefixes, which it prefers to those of the silent. */
  readonly advertise: readonly string[];
}

/** Dynamic neighbours: clients of this route reflector (RFC 4456), told what others have told us. */
export interface BgpNodesPlan {
  /** Where they call from. */
  readonly ranges: readonly string[];
  readonly timers: BgpTimers;
  readonly bfd?: BfdPlan;
  /** What is taken from them. */
  readonly accept: readonly PrefixRange[];
  /** Of that nothing in which hosts are that are declared, nor whole networks from which others call. */
  readonly refuse: readonly PrefixRange[];
  /** For each of them and each family; who tells more is cut off. */
  readonly maximumPrefixes: number;
  /** How many may call. */
  readonly limit: number;
}
