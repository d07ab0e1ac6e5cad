/** The public side of an X.509 certificate as plain data. */
import { createHash, type KeyObject, X509Certificate } from 'node:crypto';
import { canonicalEndpoint } from '../model/addresses.ts';
import type { CertificateFacts, PublicKeyFacts } from '../model/facts.ts';

/** What Node tells; `certificate-details.ts` has the rest. */
export function certificateFacts(certificate: X509Certificate): CertificateFacts {
  const signatureHash = hashIn(certificate.signatureAlgorithm);
  return {
    subject: formatName(certificate.subject),
    issuer: formatName(certificate.issuer),
    serial: certificate.serialNumber.toLowerCase(),
    altNames: altNames(certificate.subjectAltName),
    notBefore: certificate.validFromDate.toISOString(),
    notAfter: certificate.validToDate.toISOString(),
    isAuthority: certificate.ca,
    key: keyFacts(certificate.publicKey),
    ...(signatureHash === undefined ? {} : { signatureHash }),
    ...extendedKeyUsages(certificate),
    fingerprint: createHash('sha256').update(certificate.raw).digest('hex'),
  };
}

/** Undefined for what is no certificate that OpenSSL reads. */
export function parseCertificateFacts(der: Uint8Array): CertificateFacts | undefined {
  try {
    return certificateFacts(new X509Certificate(der));
  } catch {
    return undefined;
  }
}

function keyFacts({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject): PublicKeyFacts {
  const bits = asymmetricKeyDetails?.modulusLength;
  const curve = asymmetricKeyDetails?.namedCurve;
  return {
    type: asymmetricKeyType ?? 'unknown',
    ...(bits === undefined ? {} : { bits }),
    ...(curve === undefined ? {} : { curve }),
  };
}

/** `sha256WithRSAEncryption`, `ecdsa-with-SHA384`, `dsa_with_SHA256`. */
function hashIn(algorithm: string | undefined): string | undefined {
  return /md5|sha-?\d+/iu
    .exec(algorithm ?? '')?.[0]
    .toLowerCase()
    .replace('-', '');
}

/** In spite of its name, Node's `keyUsage` holds those of the extended key usage extension. */
function extendedKeyUsages({
  keyUsage,
}: X509Certificate): Pick<CertificateFacts, 'extendedKeyUsages'> {
  const usages = keyUsage as readonly string[] | undefined;
  return usages === undefined ? {} : { extendedKeyUsages: [...usages] };
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
