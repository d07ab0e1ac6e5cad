/**
 * Child SAs of a tunnel whose networks BGP tells: routes decide which packets go.
 *
 * In user space all tunnels share one device, where a packet finds its SA by the selectors alone: there the other
 * side's are what BGP may tell of, and its end of the tunnel. Our own stay wide: charon demands an address of this
 * host in each of them.
 */
import { canonicalAddress } from '../lib/canonical-address.ts';
import {
  familiesIn,
  familyOf,
  formatPrefix,
  parsePrefix,
  parsePrefixes,
  widthOf,
} from '../lib/prefix.ts';
import { mergePrefixes } from '../lib/prefix-set.ts';
import type { DataPlane, Gateway } from '../model/gateway.ts';
import type { BgpRouting } from '../model/routing.ts';
import type { InsidePair } from '../model/tunnel.ts';
import { planChildren, sortPrefixes } from './children.ts';
import type { ChildPlan } from './host-plan.ts';

const ANY = { 4: '0.0.0.0/0', 6: '::/0' } as const;

export interface RoutedTunnelInput {
  readonly bgp: BgpRouting;
  readonly gateway: Gateway;
  readonly inside: readonly InsidePair[];
  readonly dataPlane: DataPlane;
}

export function planRoutedChildren({
  bgp,
  gateway,
  inside,
  dataPlane,
}: RoutedTunnelInput): ChildPlan[] {
  const prefixes = [
    ...[...bgp.accept, ...(bgp.advertise ?? gateway.spec.networks)],
    ...inside.map(({ local }) => local),
  ];
  const any = familiesIn(prefixes).map((family) => ANY[family]);
  return planChildren(any, dataPlane === 'userspace' ? theirs(bgp, inside) : any, 'per-family');
}

/** None lies inside another one: charon would leave that out of what it proposes. */
function theirs({ accept }: BgpRouting, inside: readonly InsidePair[]): string[] {
  const ends = inside.map(
    ({ remote }) => `${canonicalAddress(remote)}/${widthOf(familyOf(remote) ?? 4)}`,
  );
  return mergePrefixes(parsePrefixes([...accept, ...ends])).map(formatPrefix);
}

/** Networks that BGP may tell of; of the default, which holds our own as well, it is not known. */
export function learnedNetworks({ accept }: BgpRouting): string[] {
  return sortPrefixes(accept).filter((text) => {
    const parsed = parsePrefix(text);
    return parsed.ok && parsed.prefix.length > 0;
  });
}
