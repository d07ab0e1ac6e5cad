/**
 * What a gateway itself sends from to networks that it has learned. The kernel would take an address inside of the tunnel, and
 * nobody forwards a link-local one (RFC 3927 §7): who sends what is too large could not hear that (RFC 1191 §4).
 */
import { containsAddress, FAMILIES, familyOf, parseAddress, parsePrefixes } from '../lib/prefix.ts';
import type { Host } from '../model/host.ts';
import type { BgpNeighborPlan } from './bgp-plan.ts';
import { ownAddresses } from './routing.ts';

/** Of each family the first address of the host that each of these peers is told of. */
export function learnedSources(
  hosts: ReadonlySet<Host>,
  peers: readonly BgpNeighborPlan[],
): string[] {
  const own = [...hosts].flatMap(ownAddresses);
  return FAMILIES.flatMap((family) => {
    const told = peers
      .filter(({ families }) => families.includes(family))
      .map(({ advertise }) => parsePrefixes(advertise));
    if (told.length === 0) return [];
    const source = own.find((text) => {
      const address = parseAddress(text);
      return (
        address !== undefined &&
        familyOf(text) === family &&
        told.every((networks) => networks.some((network) => containsAddress(network, address)))
      );
    });
    return source ?? [];
  });
}
