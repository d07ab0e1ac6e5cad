/** Which tunnels a step of this driver is about. */
import type { HostPlan } from '../../plan/host-plan.ts';
import { keyOf, type Names, type StrongswanChange, type StrongswanStep } from './state.ts';

/** Names, also of tunnels that the plan does not have; empty for what concerns none, or the whole host. */
export function concernedTunnels(
  step: StrongswanStep,
  { tunnels }: Pick<HostPlan, 'tunnels'>,
): readonly string[] {
  switch (step.type) {
    case 'shared-load':
    case 'connection-load':
      return [step.tunnel.name];
    case 'connection-unload':
      return [step.name];
    case 'certificate-load':
      return tunnels
        .filter(
          ({ enabled, auth }) =>
            enabled && auth.method === 'certificate' && keyOf(auth.secret) === keyOf(step.use),
        )
        .map(({ name }) => name);
    case 'list-load':
      return tunnels
        .filter(
          ({ enabled, auth }) =>
            enabled &&
            auth.method === 'certificate' &&
            keyOf(auth.peerAuthority) === keyOf(step.use),
        )
        .map(({ name }) => name);
    case 'shared-unload':
    case 'key-unload':
    case 'ike-terminate':
      return [];
  }
}

/** Whose connections and SAs may be different once the changes are made. */
export function concernedNames(
  changes: readonly StrongswanChange[],
  plan: Pick<HostPlan, 'tunnels'>,
): Names {
  // They may be of any name.
  if (changes.some(({ step }) => step.type === 'ike-terminate')) return 'all';
  return new Set(changes.flatMap(({ step }) => concernedTunnels(step, plan)));
}
