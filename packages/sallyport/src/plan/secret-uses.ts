/** What of Secrets the enabled tunnels of a host and its BGP sessions use. Pure. */
import type { HostPlan } from './host-plan.ts';
import type { SecretUse } from './secret-reference.ts';

/** Each Secret once, by `namespace/name`. */
export function secretUses({
  tunnels,
  bgp,
}: Pick<HostPlan, 'tunnels' | 'bgp'>): Map<string, SecretUse> {
  const ofTunnels = tunnels
    .filter(({ enabled }) => enabled)
    .flatMap(({ auth }) =>
      auth.method === 'psk' ? [auth.secret] : [auth.secret, auth.peerAuthority],
    );
  const ofSessions = (bgp?.neighbors ?? []).flatMap(({ password }) => password ?? []);
  const uses = [...ofTunnels, ...ofSessions];
  return new Map(uses.map((use) => [`${use.namespace}/${use.name}`, use]));
}
