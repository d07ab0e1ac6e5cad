/** Whether the other side of a tunnel is revoked, as far as the daemon still has the certificate that it was shown. */
import type { CertificateSummary } from '../../model/facts.ts';
import type { CertificateAuth } from '../../plan/host-plan.ts';
import type { Diagnosis } from './causes/diagnosis.ts';
import type { ObservedStrongswan } from './state.ts';

/** By the lists of the plan that the daemon holds. */
export function revokedPeer(
  { peerAuthority }: CertificateAuth,
  { subject, issuer, serial }: CertificateSummary,
  { revocationLists }: Pick<ObservedStrongswan, 'revocationLists'>,
): Diagnosis | undefined {
  const ofIssuer = peerAuthority.revocationLists?.filter((list) => list.issuer === issuer) ?? [];
  for (const { fingerprint } of ofIssuer) {
    const since = revocationLists.get(fingerprint)?.get(serial.replace(/^0+/, ''));
    if (since === undefined) continue;
    const named = [subject, since, `serial number ${serial}`, issuer];
    return { code: 'ike/certificate-revoked', named, isSpecific: true };
  }
  return undefined;
}
