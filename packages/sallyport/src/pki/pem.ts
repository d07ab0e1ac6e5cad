/** Text form of what is encoded: RFC 7468. */

export type PemLabel = 'CERTIFICATE' | 'CERTIFICATE REQUEST' | 'ENCRYPTED PRIVATE KEY' | 'X509 CRL';

export function toPem(label: PemLabel, der: Uint8Array | ArrayBuffer): string {
  const bytes = der instanceof Uint8Array ? der : new Uint8Array(der);
  const lines =
    Buffer.from(bytes)
      .toString('base64')
      .match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`;
}

/** In the order given. */
export function certificatesToPem(
  certificates: readonly { readonly rawData: ArrayBuffer }[],
): string {
  return certificates.map(({ rawData }) => toPem('CERTIFICATE', rawData)).join('');
}

/** Every block of this label, in order. */
export function fromPem(label: PemLabel, text: string): Uint8Array[] {
  const blocks = text.matchAll(
    new RegExp(`-----BEGIN ${label}-----([^-]*)-----END ${label}-----`, 'g'),
  );
  return [...blocks].map(([, body = '']) => Buffer.from(body, 'base64'));
}
