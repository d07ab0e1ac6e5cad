/** Which connections and credentials of a daemon a round looks at. */
import type { Names } from '../../drivers/strongswan/state.ts';
import type { HostPlan } from '../../plan/host-plan.ts';
import { differingTunnels } from '../../plan/same-tunnels.ts';
import type { Extent } from '../extent.ts';

/** `last`: the plan of the round before; absent: nothing is known. Undefined: none, they are as found last. */
export function loadedToLookAt(
  plan: HostPlan,
  extent: Extent,
  last: HostPlan | undefined,
): Names | undefined {
  if (last === undefined) return 'all';
  const isSame = last.revision === plan.revision;
  if (extent.loaded && (isSame || extent.sas)) return 'all';
  return isSame ? undefined : differingTunnels(last, plan);
}
