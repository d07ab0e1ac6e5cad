/** Names of what we make in FRR: all begin with our prefix. */
import type { Family } from '../../lib/prefix.ts';
import type { BfdPlan } from '../../plan/bgp-plan.ts';

/** Peer group of those that call without being listed. */
export const NODES_GROUP = 'sp-nodes';
/** What is accepted from no peer. */
export const REFUSE_LIST = 'sp-refuse';
/** What is accepted from none of those that call. */
export const NODES_REFUSE_LIST = 'sp-nodes-refuse';
/** AS paths with our own AS. */
export const OWN_AS_LIST = 'sp-own-as';
/** Large communities of what a tunnel has told. */
export const LEARNED_LIST = 'sp-learned';

/** Route map of zebra that sets the source of routes, and of bgpd that lets all of them pass to it. */
export function sourceMapName(source: string): string {
  return `sp-from-${source}`;
}

/** Setting of zebra that names its route map. */
export function sourceKey(family: Family): string {
  return `${family === 4 ? 'ip' : 'ipv6'} protocol bgp route-map`;
}

/** Route map of networks of our own that any other gateway is preferred for. */
export const LAST_MAP = 'sp-last';

/** Route map that lets nothing pass to zebra. */
export const NOWHERE_MAP = 'sp-nowhere';

export type Direction = 'in' | 'out';

/** Route map, and the prefix list that it uses: `sp-169.254.10.1-v4-in`. */
export function policyName(neighbor: string, family: Family, direction: Direction): string {
  const name = neighbor === NODES_GROUP ? neighbor : `sp-${neighbor}`;
  return `${name}-v${family}-${direction}`;
}

/** `ip prefix-list sp-…`. */
export function prefixListOf(name: string, family: Family): string {
  return `${family === 4 ? 'ip' : 'ipv6'} prefix-list ${name}`;
}

/** By what it says: `sp-300x3`. */
export function profileName({ intervalMilliseconds, multiplier }: BfdPlan): string {
  return `sp-${intervalMilliseconds}x${multiplier}`;
}
