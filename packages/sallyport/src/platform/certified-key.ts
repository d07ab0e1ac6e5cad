/** A key with its certificate and everything above it, out of certificates in any order. */
import type { KeyObject, X509Certificate } from 'node:crypto';
import type { KeysAndCertificates } from './secret-pkcs12.ts';

export interface CertifiedKey {
  readonly key: KeyObject;
  /** The certificate that the key belongs to. */
  readonly leaf: X509Certificate;
  /** Each once: from its issuer upwards, then those that are on no way up. */
  readonly others: readonly X509Certificate[];
}

/** Undefined: no key belongs to any of the certificates. */
export function certifiedKey({
  certificates,
  keys,
}: KeysAndCertificates): CertifiedKey | undefined {
  const distinct = [
    ...new Map(certificates.map((one) => [one.fingerprint256, one] as const)).values(),
  ];
  const keyOf = (certificate: X509Certificate): KeyObject | undefined =>
    keys.find((key) => certificate.checkPrivateKey(key));
  const owned = distinct.filter((certificate) => keyOf(certificate) !== undefined);
  // A bundle may hold the key of its authority, too.
  const leaf = owned.find(({ ca }) => !ca) ?? owned[0];
  const key = leaf && keyOf(leaf);
  if (leaf === undefined || key === undefined) return undefined;
  const rest = distinct.filter((certificate) => certificate !== leaf);
  const way = issuersOf(leaf, rest);
  return { key, leaf, others: [...way, ...rest.filter((one) => !way.includes(one))] };
}

/** All authorities on the ways up from `leaf`, the nearest first. */
export function issuersOf(
  leaf: X509Certificate,
  candidates: readonly X509Certificate[],
): X509Certificate[] {
  const found = [leaf];
  // Grows while it is gone through.
  for (const below of found) {
    found.push(
      ...candidates.filter(
        (candidate) => !found.includes(candidate) && below.checkIssued(candidate),
      ),
    );
  }
  return found.slice(1);
}
