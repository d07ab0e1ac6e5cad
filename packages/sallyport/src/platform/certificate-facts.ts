/** The public side of an X.509 certificate as plain data. */
import { createHash, type X509Certificate } from 'node:crypto';
import { canonicalEndpoint } from '../model/addresses.ts';
import type { CertificateFacts } from '../model/facts.ts';

export function certificateFacts(certificate: X509Certificate): CertificateFacts {
  return {
    subject: formatName(certificate.subject),
    issuer: formatName(certificate.issuer),
    altNames: altNames(certificate.subjectAltName),
    notBefore: certificate.validFromDate.toISOString(),
    notAfter: certificate.validToDate.toISOString(),
    isAuthority: certificate.ca,
    fingerprint: createHash('sha256').update(certificate.raw).digest('hex'),
  };
}

/** Node puts each part on a line; strongSwan writes and reads `C=CH, O=Example, CN=gw`. */
export function formatName(lines: string | undefined): string {
  // An empty subject (RFC 5280 §4.1.2.6) is undefined in spite of Node's types.
  return (lines ?? '')
    .split('\n')
    .filter((line) => line !== '')
    .join(', ');
}

/** `DNS:a, IP Address:192.0.2.1, URI:"x, y"`: values with special characters stand in JSON quotes. */
function altNames(text: string | undefined): string[] {
  const names = text?.match(/[^,\s][^:]*:(?:"(?:[^"\\]|\\.)*"|[^,]*)/gu) ?? [];
  return names.map((name) => {
    const colon = name.indexOf(':');
    const type = name.slice(0, colon);
    const value = name.slice(colon + 1);
    if (type === 'IP Address') return `IP:${canonicalEndpoint(value)}`;
    return `${type}:${value.startsWith('"') ? String(JSON.parse(value)) : value}`;
  });
}
