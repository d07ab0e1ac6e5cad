/**
 * Which way encrypted packets find their SA. `auto` takes the first of the host's abilities that suits
 * the tunnel: an interface of its own is preferred, because it can be routed to, filtered and counted.
 */
import { familyOf } from '../lib/prefix.ts';
import type { HostFacts } from '../model/facts.ts';
import { DATA_PLANES, type DataPlane } from '../model/gateway.ts';
import type { Host } from '../model/host.ts';

/** Data planes of the host, best first: as reported, else as declared, else any: only the host knows better. */
export function hostDataPlanes(host: Host, facts: HostFacts | undefined): readonly DataPlane[] {
  const known = facts?.dataPlanes ?? host.spec.capabilities?.dataPlanes ?? DATA_PLANES;
  return DATA_PLANES.filter((plane) => known.includes(plane));
}

export interface TunnelEnds {
  readonly localAddress: string | undefined;
  readonly remoteAddress: string | undefined;
  /** Absent: the host's own IKE daemon. */
  readonly shard?: string | undefined;
  /** Routes decide what goes into the tunnel: it needs an interface. */
  readonly isRouted?: boolean;
}

export interface DataPlaneChoice {
  readonly dataPlane: DataPlane;
  /** Why the tunnel cannot have it after all; absent where nothing stands in the way. */
  readonly obstacle?: 'not-offered' | 'needs-fixed-addresses' | 'not-in-shard' | 'needs-interface';
}

/** `wanted` is the gateway's pin or `auto`. */
export function chooseDataPlane(
  wanted: DataPlane | 'auto',
  offered: readonly DataPlane[],
  ends: TunnelEnds,
): DataPlaneChoice {
  const dataPlane =
    wanted === 'auto' ? (offered.find((plane) => suits(plane, ends)) ?? offered[0]) : wanted;
  if (dataPlane === undefined || !offered.includes(dataPlane)) {
    return { dataPlane: dataPlane ?? 'policy', obstacle: 'not-offered' };
  }
  if (suits(dataPlane, ends)) return { dataPlane };
  if (lacksInterface(dataPlane, ends)) return { dataPlane, obstacle: 'needs-interface' };
  const obstacle = ends.shard === undefined ? 'needs-fixed-addresses' : 'not-in-shard';
  return { dataPlane, obstacle };
}

/**
 * A VTI finds its packets by both outer addresses, and only one per host may leave one open. The SAs of
 * a shard are in its network namespace: only an XFRM interface leads there from the host's own.
 */
function suits(plane: DataPlane, ends: TunnelEnds): boolean {
  const { localAddress, remoteAddress, shard } = ends;
  if (lacksInterface(plane, ends)) return false;
  if (shard !== undefined) return plane === 'xfrm-interface';
  return plane !== 'vti' || (isFixed(localAddress) && isFixed(remoteAddress));
}

function lacksInterface(plane: DataPlane, { isRouted }: TunnelEnds): boolean {
  return isRouted === true && plane === 'policy';
}

function isFixed(address: string | undefined): boolean {
  return address !== undefined && familyOf(address) !== undefined;
}
