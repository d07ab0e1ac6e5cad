/** What built-in crypto policies demand of certificates: of keys, and of the signatures under them. */
import type { CertificateFacts, PublicKeyFacts } from './facts.ts';

interface CertificatePolicy {
  /** Of an RSA modulus. */
  readonly shortestRsaBits: number;
  /** As OpenSSL names them. */
  readonly curves: readonly string[];
  readonly hashes: readonly string[];
  /** What to ask the authority for. */
  readonly demand: string;
}

/** By name of the crypto policy; others demand nothing. */
const POLICIES: Readonly<Record<string, CertificatePolicy>> = {
  // RFC 8603 §4: P-384 or RSA from 3072 bits, SHA-384 alone.
  cnsa: {
    shortestRsaBits: 3_072,
    curves: ['secp384r1'],
    hashes: ['sha384'],
    demand: 'ECDSA P-384, or RSA of 3072 bits or more, signed with SHA-384',
  },
  // SP 800-131A §3. Modules that were validated by FIPS 140-2 have no Ed25519.
  fips: {
    shortestRsaBits: 2_048,
    curves: ['prime256v1', 'secp384r1', 'secp521r1'],
    hashes: ['sha224', 'sha256', 'sha384', 'sha512'],
    demand: 'ECDSA P-256, P-384 or P-521, or RSA of 2048 bits or more, signed with SHA-2',
  },
};

export interface Refusal {
  /** What the policy does not allow, such as `an RSA key of 1024 bits`. */
  readonly what: string;
  readonly demand: string;
}

/** Undefined: the policy allows it. */
export function refusalOf(policyName: string, certificate: CertificateFacts): Refusal | undefined {
  const policy = Object.hasOwn(POLICIES, policyName) ? POLICIES[policyName] : undefined;
  if (policy === undefined) return undefined;
  const { key, signatureHash, subject, issuer } = certificate;
  // Nobody checks the signature that an authority has put under itself.
  const isHashJudged = subject !== issuer && signatureHash !== undefined;
  const what = [
    ...(isAllowed(policy, key) ? [] : [describeKey(key)]),
    ...(isHashJudged && !policy.hashes.includes(signatureHash)
      ? [`a signature with ${signatureHash.toUpperCase()}`]
      : []),
  ].join(' and ');
  return what === '' ? undefined : { what, demand: policy.demand };
}

function isAllowed(policy: CertificatePolicy, { bits, curve }: PublicKeyFacts): boolean {
  if (bits !== undefined) return bits >= policy.shortestRsaBits;
  return curve !== undefined && policy.curves.includes(curve);
}

function describeKey({ type, bits, curve }: PublicKeyFacts): string {
  if (bits !== undefined) return `an RSA key of ${String(bits)} bits`;
  return curve === undefined ? `a key of type ${type}` : `an EC key on ${curve}`;
}
