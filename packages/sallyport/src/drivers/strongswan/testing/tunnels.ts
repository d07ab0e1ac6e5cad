/** Tunnels of the worlds that planning tests use. */
import type { TunnelPlan } from '../../../plan/host-plan.ts';
import { planWorld } from '../../../plan/testing/plan-world.ts';
import { WORLDS } from '../../../plan/testing/worlds.ts';

function tunnelsOf(world: keyof typeof WORLDS): readonly TunnelPlan[] {
  return planWorld(WORLDS[world] ?? { text: '' }).plan.tunnels;
}

function only(tunnels: readonly TunnelPlan[], connection: string): TunnelPlan {
  const tunnel = tunnels.find((candidate) => candidate.connection === connection);
  if (tunnel === undefined) throw new Error(`no tunnel of ${connection}`);
  return tunnel;
}

/** Pre-shared key, children `v4` and `v6`, we initiate. */
export const pskTunnel: TunnelPlan = only(
  tunnelsOf('dual-stack inside, IPv4 outside'),
  'partner-a',
);

/** Certificate, child `v4`, we initiate. */
export const certificateTunnel: TunnelPlan = only(
  tunnelsOf('a partner with certificates'),
  'partner-b',
);
