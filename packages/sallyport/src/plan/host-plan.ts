/**
 * `HostPlan`: the whole wanted state of one host as plain data, canonical and without secrets.
 * Every list is sorted by its key, so that the same declarations in any order give the same bytes.
 */
import type { Family } from '../lib/prefix.ts';
import type { CertificateSummary } from '../model/facts.ts';
import type { DataPlane } from '../model/gateway.ts';
import type { DriftPolicy } from '../model/host.ts';
import type { BgpPlan } from './bgp-plan.ts';
import type { NodePlan } from './node-plan.ts';
import type { ProbePlan } from './probe-plan.ts';
import type { SecretUse } from './secret-reference.ts';
import type { VrrpPlan } from './vrrp-plan.ts';

/** Marks by which everything of ours is found again without any memory. */
export const OWNER = {
  /** Route protocol number, also of our rules. */
  routeProtocol: 83,
  /** Table and rule priority of routes into tunnels. */
  tunnelTable: 8300,
  /** Table and rule priority of routes that our own zebra has from BGP. */
  learnedTable: 8305,
  /** Table and rule priority that our own charon uses for routes of policy-based and user-space tunnels. */
  engineTable: 8310,
  /** Table and rule priority of the unreachable routes of the leak guard: after both others. */
  guardTable: 8320,
  interfacePrefix: 'sp',
  ikePrefix: 'sp.',
  /** First byte of the reqids of our SAs and policies: in the kernel they have no name. */
  reqidByte: 0x83,
  nftTable: 'sallyport',
} as const;

/** Name that libipsec gives its only TUN device. */
export const USERSPACE_DEVICE = 'ipsec0';

export interface PskAuth {
  readonly method: 'psk';
  readonly secret: SecretUse;
}

export interface CertificateAuth {
  readonly method: 'certificate';
  /** Our leaf, its chain and key. */
  readonly secret: SecretUse;
  /** Our leaf; absent in plans made away from the files. */
  readonly leaf?: CertificateSummary;
  /** CAs the other side's certificate must come from. */
  readonly peerAuthority: SecretUse;
  /** Subjects of these CAs; absent in plans made away from the files. */
  readonly peerAuthorityNames?: readonly string[];
  readonly revocation: 'strict' | 'relaxed';
}

export interface ChildPlan {
  /** Stable: `v4`, `v6`, or `p-<hex>` of a pair of networks: 8 digits, 24 where two pairs share those. */
  readonly name: string;
  readonly localSelectors: readonly string[];
  readonly remoteSelectors: readonly string[];
}

/** One IKE connection: one tunnel of one declared connection. */
export interface TunnelPlan {
  /** `sp.<namespace>.<connection>.<tunnel>`. */
  readonly name: string;
  readonly namespace: string;
  readonly connection: string;
  readonly tunnel: string;
  readonly enabled: boolean;
  readonly dataPlane: DataPlane;
  /** IKE daemon that carries it, by the name of its network namespace; absent: the host's own. */
  readonly shard?: string;
  /** Name of our interface; absent for `policy`; `ipsec0` for `userspace`. */
  readonly interface?: string;
  /** XFRM interface id or VTI mark, 1 to 2^32 - 1; absent for `policy` and `userspace`. */
  readonly interfaceId?: number;
  readonly localAddress?: string;
  /** Name of the one that `localAddress` belongs to: only while this host holds that, the tunnel is its own; absent: always. */
  readonly virtualRouter?: string;
  /** Address or host name; absent: any. */
  readonly remoteAddress?: string;
  readonly localId: string;
  /** `%any` where the declaration leaves it open. */
  readonly remoteId: string;
  readonly auth: PskAuth | CertificateAuth;
  readonly ikeProposals: readonly string[];
  readonly espProposals: readonly string[];
  readonly ikeRekeySeconds: number;
  readonly childRekeySeconds: number;
  readonly childRekeyBytes?: number;
  readonly livenessDelaySeconds: number;
  readonly forceEncapsulation: boolean;
  readonly start: 'initiate' | 'trap' | 'respond';
  /** Another host holds its address, and has it; no plan that is stored says so (`while-held.ts`). */
  readonly elsewhere?: true;
  readonly children: readonly ChildPlan[];
  /** Networks of the other side where the selectors do not tell them, since BGP does. */
  readonly learned?: readonly string[];
  /** Inner MTU in bytes. */
  readonly mtuBytes: number;
}

export type InterfacePlan =
  | {
      readonly kind: 'xfrm';
      readonly name: string;
      /** Network namespace in which its packets find their SAs; absent: the host's own. */
      readonly shard?: string;
      readonly interfaceId: number;
      readonly mtuBytes: number;
      readonly alias: string;
      readonly addresses?: readonly InsideAddressPlan[];
    }
  | {
      readonly kind: 'vti';
      readonly name: string;
      readonly family: Family;
      readonly interfaceId: number;
      readonly localAddress: string;
      readonly remoteAddress: string;
      readonly mtuBytes: number;
      readonly alias: string;
      readonly addresses?: readonly InsideAddressPlan[];
    }
  | {
      /** VXLAN (RFC 7348) of which each route says where packets go, and with which VNI. */
      readonly kind: 'vxlan';
      readonly name: string;
      /** UDP; no other such device of the host may have it. */
      readonly port: number;
      /** By which the others know this host. */
      readonly localAddress: string;
      readonly mtuBytes: number;
      readonly alias: string;
      readonly addresses?: readonly InsideAddressPlan[];
    };

/** An address of ours inside a tunnel. */
export interface InsideAddressPlan {
  /** With the length of its subnet: `169.254.10.2/30`. */
  readonly local: string;
  /** The other end, where it is not in that subnet. */
  readonly peer?: string;
}

export interface RoutePlan {
  readonly prefix: string;
  readonly table: number;
  /** `unicast` needs `interface` or `nexthop`; `throw` sends the look-up on to the next table. */
  readonly type: 'unicast' | 'unreachable' | 'throw';
  readonly interface?: string;
  /** Id of a nexthop object. */
  readonly nexthop?: number;
  /** Preferred source address for packets of the gateway itself. */
  readonly source?: string;
  /** Where its packets go instead while the tunnel of `interface` is not to carry them, best first. */
  readonly standby?: readonly RouteWay[];
}

export interface RouteWay {
  readonly interface: string;
  readonly source?: string;
}

export interface RulePlan {
  readonly family: Family;
  readonly priority: number;
  readonly table: number;
}

export interface SysctlPlan {
  /** Slash-separated path below /proc/sys. */
  readonly key: string;
  readonly value: string;
}

/** What the one nftables table does. */
export interface FirewallPlan {
  /** Prefixes that may cross only encrypted, by the way encryption shows; absent lists: nothing guarded. */
  readonly guarded: readonly { readonly prefix: string; readonly by: 'interface' | 'policy' }[];
  /** Outer addresses of peers inside guarded prefixes: their IKE and ESP stay allowed. */
  readonly peers: readonly string[];
  /**
   * Next hops, as the routes have them, that bring packets for guarded prefixes into a tunnel of their own: our
   * other gateways, and those of a host that has no tunnel. Absent: none.
   */
  readonly relays?: readonly string[];
  /** TCP MSS ceilings: SYN to or from `prefix` is clamped to `mssBytes`. */
  readonly clamps: readonly { readonly prefix: string; readonly mssBytes: number }[];
  /** What is counted of forwarded packets; absent: nothing. */
  readonly counted?: CountedPlan;
}

/** What the host sends and takes itself does not count. */
export interface CountedPlan {
  /** Of tunnels: each for itself, both ways. */
  readonly interfaces: readonly string[];
  /** Of other sites; without overlaps of text only. Packets to and from them that pass none of the interfaces. */
  readonly prefixes: readonly string[];
}

/** The daemons that the agent keeps for these tunnels. */
export interface EnginePlan {
  readonly name: 'strongswan';
  /** true: the host's own does ESP in user space (kernel-libipsec); a shard never does. */
  readonly userspace: boolean;
  /** Of ours inside tunnels, on the TUN device of user-space ESP; absent: none. */
  readonly addresses?: readonly InsideAddressPlan[];
}

/** Which declared object, in which generation, this plan stands for. Not part of the revision. */
export interface PlanSource {
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  readonly generation: number;
  /** Names of the tunnels that it concerns. */
  readonly tunnels: readonly string[];
}

export interface HostPlan {
  readonly format: 'sallyport.dev/host-plan/v1alpha1';
  readonly host: string;
  /** `sha256` in lower-case hex of the canonical JSON of everything but `revision` and `sources`. */
  readonly revision: string;
  readonly sources: readonly PlanSource[];
  readonly driftPolicy: DriftPolicy;
  readonly engine: EnginePlan;
  readonly tunnels: readonly TunnelPlan[];
  readonly interfaces: readonly InterfacePlan[];
  readonly routes: readonly RoutePlan[];
  readonly rules: readonly RulePlan[];
  readonly sysctls: readonly SysctlPlan[];
  readonly firewall: FirewallPlan;
  /** Absent: no BGP. */
  readonly bgp?: BgpPlan;
  /** Absent: no virtual addresses. Sorted by name. */
  readonly vrrp?: readonly VrrpPlan[];
  /** Absent: no network lies behind another host of ours. */
  readonly node?: NodePlan;
  /** Absent: nothing is asked. Sorted by tunnel and target. */
  readonly probes?: readonly ProbePlan[];
}
