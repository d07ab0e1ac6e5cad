/**
 * How a host sends to networks that lie behind other hosts of ours: a node behind its gateways, and, where the
 * fabric between them drops foreign addresses, a gateway back to its nodes.
 */
import { canonicalAddress } from '../lib/canonical-address.ts';
import { familyOf } from '../lib/prefix.ts';

export interface NodePlan {
  /** Who the next hops are that stand before a node; absent on gateways. Sorted by host. */
  readonly gateways?: readonly NodeGatewayPlan[];
  /** Absent: the other hosts are next hops in a subnet of ours. */
  readonly encapsulation?: EncapsulationPlan;
  /** No prefix is in two of them. */
  readonly ways: readonly WayPlan[];
  /** What the host itself sends from, at most one address of each family; none: as the kernel chooses. */
  readonly sources: readonly string[];
}

/** A gateway as a node sees it. */
export interface NodeGatewayPlan {
  /** Name of the host. */
  readonly host: string;
  /** As next hop; with encapsulation one, without it one of each family that both have. Sorted. */
  readonly hops: readonly string[];
  /** Share of the flows beside the others, 1 to 255. */
  readonly weight: number;
  /** Where its BGP speaks, which may tell of more networks; empty: it does not. Sorted. */
  readonly speakers: readonly string[];
}

/** Packets go inside of VXLAN (RFC 7348) from host to host, and each route says to which. */
export interface EncapsulationPlan {
  /** A device that takes the destination from the route: one of our own `interfaces`, or that of the CNI. */
  readonly interface: string;
  /** The VNI, 1 to 2^24 - 1. A CNI may have the security identity of the sender in there. */
  readonly identity: number;
}

export interface WayPlan {
  /** Sorted. */
  readonly prefixes: readonly string[];
  /** The unreachable route below them is another part of the plan, or not wanted; absent: each gets one. */
  readonly isCovered?: true;
  /** Sorted by address. */
  readonly hops: readonly HopPlan[];
}

export interface HopPlan {
  /** Without encapsulation it takes prefixes of its own family only. */
  readonly address: string;
  /** Share of the flows, up to 255; 0: none at present. */
  readonly weight: number;
}

/**
 * The same ways without flows by these next hops, which keep their places: in the kernel one group for each family is
 * another, and no route. Where nobody else would carry a way, it stays: bad evidence is better than no way.
 */
export function withoutGateways(plan: NodePlan, addresses: Iterable<string>): NodePlan {
  const gone = new Set([...addresses].map(canonicalAddress));
  const isGone = ({ address }: HopPlan): boolean => gone.has(canonicalAddress(address));
  const isReplaced = (hop: HopPlan, { hops }: WayPlan): boolean =>
    hops.some(
      (other) =>
        other.weight > 0 &&
        !isGone(other) &&
        (plan.encapsulation !== undefined || familyOf(other.address) === familyOf(hop.address)),
    );
  return {
    ...plan,
    ways: plan.ways.map((way) =>
      way.hops.some(isGone)
        ? {
            ...way,
            hops: way.hops.map((hop) =>
              isGone(hop) && isReplaced(hop, way) ? { ...hop, weight: 0 } : hop,
            ),
          }
        : way,
    ),
  };
}
