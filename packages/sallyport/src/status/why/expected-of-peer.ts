/** The mirror image of a tunnel: what must be configured on the other side, in its own terms. */
import type { CertificateAuth, TunnelPlan } from '../../plan/host-plan.ts';

export function expectedOfPeer(tunnel: TunnelPlan): string[] {
  const { localAddress, remoteAddress, localId, remoteId, auth } = tunnel;
  const secret = `Secret ${auth.secret.namespace}/${auth.secret.name}`;
  return [
    `address ${remoteAddress ?? 'any'}, with this host (${localAddress ?? 'any of its addresses'}) as its peer`,
    `its own identity ${remoteId === '%any' ? 'as it likes' : remoteId}, and ${localId} as ours`,
    auth.method === 'psk'
      ? `the pre-shared key of ${secret}`
      : `a certificate from ${acceptedBy(auth)} in Secret ${auth.peerAuthority.namespace}/${auth.peerAuthority.name}, and trust in the authority of ours, ${secret}`,
    `IKE version 2, with one of: ${tunnel.ikeProposals.join(', ')}`,
    `ESP in tunnel mode, with one of: ${tunnel.espProposals.join(', ')}`,
    ...tunnel.children.map(
      ({ localSelectors, remoteSelectors }) =>
        `networks: ${remoteSelectors.join(', ')} as its own, ${localSelectors.join(', ')} as ours`,
    ),
  ];
}

function acceptedBy({ peerAuthorityNames }: CertificateAuth): string {
  return peerAuthorityNames?.join(' or ') ?? 'the authority';
}
