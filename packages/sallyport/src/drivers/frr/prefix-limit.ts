import { WARNING_PERCENT } from '../../plan/bgp-plan.ts';

/** What `maximum-prefix` says: a session that it ends is tried again after 5 minutes. */
export function limitOf(maximumPrefixes: number): string {
  return `${maximumPrefixes} ${WARNING_PERCENT} restart 5`;
}
