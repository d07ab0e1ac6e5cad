/** What is wrong with certificates that came together: no peer could make sense of them, or of the names in them. */
import type { X509Certificate } from 'node:crypto';
import { printable } from '../lib/printable.ts';
import { certificateFacts, formatName } from './certificate-facts.ts';
import { issuersOf } from './certified-key.ts';
import { type FileField, faultIn, type SecretFault } from './secret-fault.ts';

export function bundleFaults(
  leaf: X509Certificate,
  others: readonly X509Certificate[],
  from: FileField,
): SecretFault[] {
  return [
    ...nameFaults(leaf, from),
    ...loopFaults(leaf, others, from),
    ...serialFaults([leaf, ...others], from),
  ];
}

/** RFC 5280 §4.1.2.2: by issuer and number, daemons and revocation lists tell certificates apart. */
function serialFaults(certificates: readonly X509Certificate[], from: FileField): SecretFault[] {
  const first = new Map<string, X509Certificate>();
  return certificates.flatMap((certificate) => {
    const { issuer, serialNumber } = certificate;
    const identity = `${serialNumber} ${issuer}`;
    const other = first.get(identity) ?? certificate;
    first.set(identity, other);
    return other.fingerprint256 === certificate.fingerprint256
      ? []
      : [
          faultIn(
            from,
            'secret/duplicate-serial',
            `two certificates of ${formatName(issuer)} have the serial number ${serialNumber}: ${formatName(other.subject)} and ${formatName(certificate.subject)}`,
            'have one of them issued again',
          ),
        ];
  });
}

/** Authorities that certify each other are usual, as long as one of them leads on to a root or to who is not here. */
function loopFaults(
  leaf: X509Certificate,
  others: readonly X509Certificate[],
  from: FileField,
): SecretFault[] {
  const above = issuersOf(leaf, others);
  const leadsOn = (one: X509Certificate): boolean =>
    one.checkIssued(one) || !above.some((issuer) => one.checkIssued(issuer));
  if (above.length === 0 || above.some(leadsOn)) return [];
  const names = above.map(({ subject }) => formatName(subject)).join(' and ');
  return [
    faultIn(
      from,
      'secret/chain-loop',
      `the chain of ${formatName(leaf.subject)} never ends: ${names} have issued each other`,
      'give the certificate of the root that one of them has, too',
    ),
  ];
}

/** Node writes what is not a sign as `\\` and two hex digits, and quotes as `\\"`. */
const ODD_IN_NAME = /[^ -~]|\\[^,+;<>=# ]/u;

/** Daemons spell, escape and compare such names each in their own way, and printed they steer the terminal. */
function nameFaults(leaf: X509Certificate, from: FileField): SecretFault[] {
  const { subject, altNames } = certificateFacts(leaf);
  return [
    ...(ODD_IN_NAME.test(subject) ? [`the subject ${subject}`] : []),
    ...altNames.filter((name) => /[^ -~]|"/u.test(name)).map((name) => `the name ${name}`),
  ].map((what) =>
    faultIn(
      from,
      'secret/unusable-name',
      `${printable(what)} has quotes, control characters or letters outside ASCII in it, which every daemon compares differently`,
      'have the certificate issued again with names in printable ASCII',
    ),
  );
}
