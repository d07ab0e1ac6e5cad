/** Tunnels of the worlds that planning tests use. */
import type { TunnelPlan } from '../../../plan/host-plan.ts';
import { planWorld } from '../../../plan/testing/plan-world.ts';
import { WORLDS } from '../../../plan/testing/worlds.ts';
import { LIST_FINGERPRINT } from './secrets.ts';

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

/** The same, with a revocation list of its authority. */
export const listedTunnel: TunnelPlan = withList(certificateTunnel);

function withList(tunnel: TunnelPlan): TunnelPlan {
  if (tunnel.auth.method === 'psk') throw new Error(`${tunnel.name} has no authority`);
  const list = {
    ...{ issuer: 'CN=site', issuerKey: 'a', number: '7', fingerprint: LIST_FINGERPRINT },
    ...{ thisUpdate: '2026-06-01T00:00:00.000Z', nextUpdate: '2026-06-08T00:00:00.000Z' },
  };
  const peerAuthority = { ...tunnel.auth.peerAuthority, revocationLists: [list] };
  return { ...tunnel, auth: { ...tunnel.auth, peerAuthority } };
}
