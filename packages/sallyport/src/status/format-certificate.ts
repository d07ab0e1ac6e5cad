/** One certificate in a line, without the time that it has left. */
import type { CertificateSummary } from '../model/facts.ts';

export function describeCertificate({
  subject,
  serial,
  issuer,
  notAfter,
}: CertificateSummary): string {
  const name = subject === '' ? 'without a subject' : subject;
  return `${name}, serial ${serial}, issued by ${issuer}, valid until ${notAfter}`;
}
