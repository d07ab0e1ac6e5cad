/**
 * Which way encrypted packets find their SA. `auto` takes the first of the host's abilities that suits
 * the tunnel: an interface of its own is preferred, because it can be routed to, filtered and counted.
 */
import { type Family, familyOf } from '../lib/prefix.ts';
import type { HostFacts } from '../model/facts.ts';
import { DATA_PLANES, type DataPlane } from '../model/gateway.ts';
import type { Host } from '../model/host.ts';

/** Data planes of the host, best first: as reported, else as declared, else the best is assumed. */
export function hostDataPlanes(host: Host, facts: HostFacts | undefined): readonly DataPlane[] {
  const known = facts?.dataPlanes ?? host.spec.capabilities?.dataPlanes ?? ['xfrm-interface'];
  return DATA_PLANES.filter((plane) => known.includes(plane));
}

export interface TunnelEnds {
  readonly localAddress: string | undefined;
  readonly remoteAddress: string | undefined;
}

export interface DataPlaneChoice {
  readonly dataPlane: DataPlane;
  /** Why the wanted or a better one was not taken; absent where nothing stands in the way. */
  readonly obstacle?: string;
}

/** `wanted` is the gateway's pin or `auto`. */
export function chooseDataPlane(
  wanted: DataPlane | 'auto',
  available: readonly DataPlane[],
  ends: TunnelEnds,
): DataPlaneChoice {
  if (wanted !== 'auto') {
    const obstacle = available.includes(wanted) ? unsuited(wanted, ends) : 'the host cannot do it';
    return obstacle === undefined ? { dataPlane: wanted } : { dataPlane: wanted, obstacle };
  }
  const suited = available.find((plane) => unsuited(plane, ends) === undefined);
  return suited === undefined
    ? { dataPlane: 'policy', obstacle: 'the host offers no data plane that suits the tunnel' }
    : { dataPlane: suited };
}

function unsuited(plane: DataPlane, ends: TunnelEnds): string | undefined {
  if (plane !== 'vti') return undefined;
  // A VTI finds its packets by both outer addresses, and only one per host may leave one open.
  const families = [ends.localAddress, ends.remoteAddress].map((address) => fixedFamily(address));
  return families.includes(undefined) ? 'a VTI needs fixed addresses at both ends' : undefined;
}

function fixedFamily(address: string | undefined): Family | undefined {
  return address === undefined ? undefined : familyOf(address);
}
