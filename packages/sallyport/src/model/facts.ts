/**
 * What was observed outside the declarations and goes into validation and plan as plain data:
 * abilities of hosts, and the public side of secrets. Collected at the edges (`platform/`), never here.
 */
import type { Problem } from '../lib/problem.ts';
import { objectKey } from './declared-objects.ts';
import type { DataPlane } from './gateway.ts';

/** What one host can do. */
export interface HostFacts {
  readonly host: string;
  /** Data planes the kernel and daemon offer, best first; empty where none was found. */
  readonly dataPlanes: readonly DataPlane[];
  readonly underlayMtuBytes: number;
  /** Whether packets of a peer can wait while its tunnel is exchanged; absent: not asked. */
  readonly canHoldPackets?: boolean;
  /** Whether the kernel has TCP MD5 (RFC 2385); absent: no connection wants it, or the kernel does not tell. */
  readonly canSignTcp?: boolean;
  /** Proposal keywords' algorithms known to the daemon (`get-algorithms`), upper-case IANA-like names; absent: not asked. */
  readonly algorithms?: readonly string[];
}

export interface PublicKeyFacts {
  /** `rsa`, `rsa-pss`, `ec`, `ed25519`, `ed448` or another one that OpenSSL names. */
  readonly type: string;
  /** Length of an RSA modulus. */
  readonly bits?: number;
  /** As OpenSSL names it: `prime256v1`, `secp384r1`. */
  readonly curve?: string;
}

export interface CertificateFacts {
  readonly subject: string;
  readonly issuer: string;
  /** Lower-case hex. */
  readonly serial: string;
  /** Subject alternative names, as `DNS:gw.example`, `IP:192.0.2.1`, `email:x@y`. */
  readonly altNames: readonly string[];
  /** RFC 3339. */
  readonly notBefore: string;
  readonly notAfter: string;
  readonly isAuthority: boolean;
  readonly key: PublicKeyFacts;
  /** Hash under the signature: `sha1`, `sha384`; absent: the algorithm has its own, as Ed25519, or nobody knows it. */
  readonly signatureHash?: string;
  /** RFC 5280 §4.2.1.3, as `digitalSignature`; absent: the certificate limits none, or nobody looked. */
  readonly keyUsages?: readonly string[];
  /** Object identifiers; absent: the certificate limits none. */
  readonly extendedKeyUsages?: readonly string[];
  /** Lower-case hex SHA-256 of the DER. */
  readonly fingerprint: string;
}

/** Tells one certificate from another, to people and by its fingerprint. */
export type CertificateSummary = Pick<
  CertificateFacts,
  'subject' | 'issuer' | 'serial' | 'notAfter' | 'fingerprint'
>;

export function summaryOf({
  subject,
  issuer,
  serial,
  notAfter,
  fingerprint,
}: CertificateFacts): CertificateSummary {
  return { subject, issuer, serial, notAfter, fingerprint };
}

/** A list of revoked certificates: RFC 5280 §5. */
export interface RevocationListFacts {
  readonly issuer: string;
  /** Lower-case hex SHA-256 of the issuer's public key: names are given twice. */
  readonly issuerKey: string;
  /** Decimal; grows with each list of an issuer (RFC 5280 §5.2.3). Absent in old lists. */
  readonly number?: string;
  /** RFC 3339. */
  readonly thisUpdate: string;
  /** When it is over; absent: never. */
  readonly nextUpdate?: string;
  /** Lower-case hex SHA-256 of the DER. */
  readonly fingerprint: string;
}

/** Public side of one `Secret`. Key material never enters. */
export interface SecretFacts {
  readonly namespace: string;
  readonly name: string;
  readonly form: 'psk' | 'certificate' | 'authority';
  /** Lower-case hex, salted by the installation: changes with the content, tells nothing of it. */
  readonly fingerprint: string;
  /** `certificate`: leaf first, then its chain; `authority`: the CAs; `psk`: empty. */
  readonly certificates: readonly CertificateFacts[];
  /** `authority`: in the order of its files. The fingerprint above counts of them only what they revoke. */
  readonly revocationLists: readonly RevocationListFacts[];
  /** What was wrong with the files: missing, empty, world-readable, key that does not match … */
  readonly problems: readonly Problem[];
}

export interface Facts {
  readonly hosts: readonly HostFacts[];
  readonly secrets: readonly SecretFacts[];
  /** RFC 3339 time for validity checks; absent: not checked. */
  readonly now?: string;
  /** The Host on which this was collected, and so whose files were looked for; absent: it is none of the declared ones. */
  readonly here?: string;
}

/** By `namespace/name`; of two with the same key the first one stays. */
export function indexSecretFacts({ secrets }: Facts): ReadonlyMap<string, SecretFacts> {
  return new Map(
    secrets
      .toReversed()
      .map((secret): [string, SecretFacts] => [objectKey(secret.namespace, secret.name), secret]),
  );
}

/** For work away from the hosts: nothing known, everything assumed. */
export const NO_FACTS: Facts = { hosts: [], secrets: [] };
