/** A plan has addresses as a person wrote them; the kernel is compared with one spelling of them. */
import { canonicalAddress, canonicalPrefix } from '../../lib/canonical-address.ts';
import { once } from '../../lib/once.ts';
import type { NodePlan } from '../../plan/node-plan.ts';
import type { KernelDesired } from './state.ts';

// Every round compares, and a plan stays the same for days.
const known = new WeakMap<KernelDesired, KernelDesired>();

export function canonicalDesired(desired: KernelDesired): KernelDesired {
  return once(known, desired, () => toCanonical(desired));
}

function toCanonical(desired: KernelDesired): KernelDesired {
  const { firewall, routes } = desired;
  const withPrefix = <T extends { readonly prefix: string }>(entry: T): T => ({
    ...entry,
    prefix: canonicalPrefix(entry.prefix),
  });
  return {
    ...desired,
    ...(desired.node === undefined ? {} : { node: canonicalNode(desired.node) }),
    routes: routes.map((route) => ({
      ...withPrefix(route),
      ...(route.source === undefined ? {} : { source: canonicalAddress(route.source) }),
    })),
    firewall: {
      ...firewall,
      guarded: firewall.guarded.map(withPrefix),
      peers: [...new Set(firewall.peers.map(canonicalAddress))],
      ...(firewall.relays === undefined
        ? {}
        : { relays: [...new Set(firewall.relays.map(canonicalAddress))] }),
      clamps: firewall.clamps.map(withPrefix),
    },
  };
}

/** But for the prefixes, of which there may be many: `node-state.ts` spells each list of them once. */
function canonicalNode(node: NodePlan): NodePlan {
  return {
    ...node,
    sources: node.sources.map(canonicalAddress),
    ways: node.ways.map(({ hops, ...way }) => ({
      ...way,
      hops: hops.map((hop) => ({ ...hop, address: canonicalAddress(hop.address) })),
    })),
  };
}
