/** What is wrong with the certificates of one secret, however they came: each of them is sound by itself. */
import type { X509Certificate } from 'node:crypto';
import { formatName } from './certificate-facts.ts';
import { type FileField, faultIn, type SecretFault } from './secret-fault.ts';

/** NIST SP 800-131A §3, and what the default policy of RHEL 9 refuses. */
export const SHORTEST_RSA_BITS = 2_048;
const WEAK_HASH = /md5|sha-?1(?![0-9])/i;

/** Of our own: the leaf first, then its chain, then authorities. */
export function chainFaults(
  [leaf, ...chain]: readonly X509Certificate[],
  authorities: readonly X509Certificate[],
  from: FileField,
): SecretFault[] {
  if (leaf === undefined) return [];
  const others = chain.filter(({ ca }) => !ca).length;
  const above = [...chain, ...authorities].filter(({ ca }) => ca);
  // An authority that was set up again has its old name and another key.
  const isIssued = above.some(
    (authority) => leaf.checkIssued(authority) && leaf.verify(authority.publicKey),
  );
  return [
    // One that has signed itself is its own authority, and the other side may well know it.
    ...(leaf.ca && !leaf.checkIssued(leaf)
      ? [
          faultIn(
            from,
            'secret/leaf-is-authority',
            `${nameOf(leaf)} is the certificate of an authority, which no peer takes for a gateway's`,
            'give the certificate that the authority has issued for this gateway, first in its file',
          ),
        ]
      : []),
    ...(others > 0
      ? [
          faultIn(
            from,
            'secret/several-leaves',
            `${String(others + 1)} certificates of gateways are in one secret`,
            'give the one that belongs to the key, and the authorities above it',
          ),
        ]
      : []),
    // None at all is usual: the other side may have all of them.
    ...(above.length > 0 && !leaf.ca && !isIssued
      ? [
          faultIn(
            from,
            'secret/chain-broken',
            `none of the authorities beside ${nameOf(leaf)} has issued it, but ${formatName(leaf.issuer)}`,
            'add the certificate of that authority',
          ),
        ]
      : []),
  ];
}

/** What a strict peer refuses, though strongSwan takes it. */
export function weaknessFaults(
  certificates: readonly X509Certificate[],
  from: FileField,
): SecretFault[] {
  return certificates.flatMap((certificate) => {
    const bits = certificate.publicKey.asymmetricKeyDetails?.modulusLength;
    // Nobody checks the signature that an authority has put under itself.
    const isRoot = certificate.checkIssued(certificate);
    const { signatureAlgorithm = '' } = certificate;
    const weakness = [
      ...(bits !== undefined && bits < SHORTEST_RSA_BITS
        ? [`an RSA key of ${String(bits)} bits`]
        : []),
      ...(!isRoot && WEAK_HASH.test(signatureAlgorithm)
        ? [`a signature by ${signatureAlgorithm}`]
        : []),
    ].join(' and ');
    return weakness === ''
      ? []
      : [
          faultIn(
            from,
            'secret/weak-certificate',
            `${nameOf(certificate)} has ${weakness}, which RHEL 9 and other strict peers refuse`,
            `have it issued again, with SHA-256 or better and RSA of ${String(SHORTEST_RSA_BITS)} bits or more`,
          ),
        ];
  });
}

function nameOf({ subject }: X509Certificate): string {
  return formatName(subject) || 'a certificate without a subject';
}
