/** What of Secrets the enabled tunnels of a host use. Pure. */
import type { HostPlan, SecretUse } from './host-plan.ts';

/** Each Secret once, by `namespace/name`. */
export function secretUses({ tunnels }: Pick<HostPlan, 'tunnels'>): Map<string, SecretUse> {
  const uses = tunnels
    .filter(({ enabled }) => enabled)
    .flatMap(({ auth }) =>
      auth.method === 'psk' ? [auth.secret] : [auth.secret, auth.peerAuthority],
    );
  return new Map(uses.map((use) => [`${use.namespace}/${use.name}`, use]));
}
