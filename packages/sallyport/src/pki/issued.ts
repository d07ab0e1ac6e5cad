/** From a certificate to what its authority remembers of it. */
import { X509Certificate as NodeCertificate } from 'node:crypto';
import { certificateFacts } from '../platform/certificate-facts.ts';
import type { IssuedCertificate } from './record.ts';
import type { X509Certificate } from './x509.ts';

export function issuedOf({ rawData, serialNumber }: X509Certificate): IssuedCertificate {
  const { subject, altNames, notBefore, notAfter, isAuthority, fingerprint } = certificateFacts(
    new NodeCertificate(Buffer.from(rawData)),
  );
  return {
    ...{ serial: serialNumber, subject, altNames, notBefore, notAfter, isAuthority, fingerprint },
  };
}
