/** How two hosts of the cluster reach each other. */
import { canonicalAddress } from '../lib/canonical-address.ts';
import { type Family, familyOf } from '../lib/prefix.ts';
import { type Host, internalAddresses } from '../model/host.ts';

export interface InternalPair {
  readonly family: Family;
  readonly localAddress: string;
  readonly address: string;
}

/** The first internal address of either in each family that both have, in the order of the other one. */
export function internalPairs(ours: Host, other: Host): InternalPair[] {
  const pairs = new Map<Family, InternalPair>();
  for (const address of internalAddresses(other)) {
    const family = familyOf(address);
    if (family === undefined || pairs.has(family)) continue;
    const local = internalAddresses(ours).find((each) => familyOf(each) === family);
    if (local === undefined) continue;
    const [localAddress, theirs] = [local, address].map(canonicalAddress);
    if (localAddress !== undefined && theirs !== undefined)
      pairs.set(family, { family, localAddress, address: theirs });
  }
  return [...pairs.values()];
}
