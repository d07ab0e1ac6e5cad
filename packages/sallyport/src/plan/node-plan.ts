/**
 * How a host sends to networks that lie behind other hosts of ours: a node behind its gateways, and, where the
 * fabric between them drops foreign addresses, a gateway back to its nodes.
 */
import { canonicalAddress } from '../lib/canonical-address.ts';
import { familyOf } from '../lib/prefix.ts';

export interface NodePlan {
  /** Absent: the other hosts are next hops in a subnet of ours. */
  readonly encapsulation?: EncapsulationPlan;
  /** No prefix is in two of them. */
  readonly ways: readonly WayPlan[];
  /** What the host itself sends from, at most one address of each family; none: as the kernel chooses. */
  readonly sources: readonly string[];
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
  /** Sorted by address. */
  readonly hops: readonly HopPlan[];
}

export interface HopPlan {
  /** Without encapsulation it takes prefixes of its own family only. */
  readonly address: string;
  /** Share of the flows, up to 256; 0: none at present. */
  readonly weight: number;
}

/**
 * The same ways without flows by that host, which keeps its place: in the kernel one group for each family is
 * another, and no route. Where nobody else would carry a way, it stays: bad evidence is better than no way.
 */
export function withoutGateway(plan: NodePlan, address: string): NodePlan {
  const gone = canonicalAddress(address);
  const isGone = (hop: HopPlan): boolean => canonicalAddress(hop.address) === gone;
  const remains = (hop: HopPlan): boolean =>
    hop.weight > 0 &&
    !isGone(hop) &&
    (plan.encapsulation !== undefined || familyOf(hop.address) === familyOf(address));
  return {
    ...plan,
    ways: plan.ways.map((way) =>
      way.hops.some(remains)
        ? { ...way, hops: way.hops.map((hop) => (isGone(hop) ? { ...hop, weight: 0 } : hop)) }
        : way,
    ),
  };
}
