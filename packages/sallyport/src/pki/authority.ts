/** A certificate authority at work: it makes other authorities, certificates and revocation lists. */
import { randomBytes, type webcrypto } from 'node:crypto';
import type { KeyType } from '../model/key-type.ts';
import {
  authorityExtensions,
  crlExtensions,
  leafExtensions,
  type PermittedNames,
} from './extensions.ts';
import { generateKeys, signatureOf } from './keys.ts';
import type { Revocation, RevocationReason } from './revocation.ts';
import { type SigningKey, type SigningKeys, signingWith } from './signing-key.ts';
import {
  type JsonGeneralName,
  type JsonName,
  PublicKey,
  X509Certificate,
  X509CertificateGenerator,
  type X509Crl,
  X509CrlGenerator,
  X509CrlReason,
} from './x509.ts';

/** What signs. */
export interface Authority {
  readonly certificate: X509Certificate;
  readonly keyType: KeyType;
  readonly key: SigningKey;
}

export interface NewAuthority extends PermittedNames {
  readonly subject: JsonName;
  readonly keyType: KeyType;
  readonly days: number;
  /** Authorities below this one, in a row; absent: any number. */
  readonly pathLength?: number;
  /** Where the revocation list of its issuer can be fetched. */
  readonly crlUrls: readonly string[];
}

export interface NewCertificate {
  readonly subject: JsonName;
  readonly altNames: readonly JsonGeneralName[];
  /** DER or a key of WebCrypto. */
  readonly publicKey: webcrypto.CryptoKey | ArrayBuffer;
  readonly days: number;
  readonly crlUrls: readonly string[];
}

const REASON_CODES: Readonly<Record<RevocationReason, X509CrlReason>> = {
  unspecified: X509CrlReason.unspecified,
  'key-compromise': X509CrlReason.keyCompromise,
  'ca-compromise': X509CrlReason.cACompromise,
  'affiliation-changed': X509CrlReason.affiliationChanged,
  superseded: X509CrlReason.superseded,
  'cessation-of-operation': X509CrlReason.cessationOfOperation,
};

/** Clocks of gateways differ: what is issued now is valid for all of them at once. */
const BACKDATE_SECONDS = 3_600;
const DAY_SECONDS = 86_400;

/** An authority under `issuer`, or a root of its own. `keys`: absent where they are made here. */
export async function createAuthority(
  wanted: NewAuthority,
  now: Date,
  issuer?: Authority,
  keys?: SigningKeys,
): Promise<Authority> {
  const { privateKey: key, publicKey } = keys ?? (await generateKeys(wanted.keyType));
  const own = await PublicKey.create(publicKey);
  const signer = issuer ?? { keyType: wanted.keyType, key };
  const [signingKey, crypto] = signingWith(signer.key);
  const certificate = await X509CertificateGenerator.create(
    {
      serialNumber: newSerial(),
      subject: wanted.subject,
      issuer: issuer?.certificate.subjectName ?? wanted.subject,
      ...validity(wanted.days, now, issuer),
      publicKey: own,
      signingKey,
      signingAlgorithm: signatureOf(signer.keyType),
      extensions: await authorityExtensions(own, issuer?.certificate.publicKey ?? own, wanted),
    },
    crypto,
  );
  return { certificate, keyType: wanted.keyType, key };
}

export async function issueCertificate(
  issuer: Authority,
  { subject, altNames, publicKey, days, crlUrls }: NewCertificate,
  now: Date,
): Promise<X509Certificate> {
  const own = await PublicKey.create(publicKey);
  const leaf = { altNames, crlUrls, hasSubject: subject.length > 0 };
  const [signingKey, crypto] = signingWith(issuer.key);
  return X509CertificateGenerator.create(
    {
      serialNumber: newSerial(),
      subject,
      issuer: issuer.certificate.subjectName,
      ...validity(days, now, issuer),
      publicKey: own,
      signingKey,
      signingAlgorithm: signatureOf(issuer.keyType),
      extensions: await leafExtensions(own, issuer.certificate.publicKey, leaf),
    },
    crypto,
  );
}

/** Everything revoked so far; `number` grows with each list (RFC 5280 §5.2.3). */
export async function createCrl(
  issuer: Authority,
  revoked: readonly Revocation[],
  { number, days }: { readonly number: number; readonly days: number },
  now: Date,
): Promise<X509Crl> {
  const [signingKey, crypto] = signingWith(issuer.key);
  return X509CrlGenerator.create(
    {
      issuer: issuer.certificate.subjectName,
      thisUpdate: atSecond(now, 0),
      nextUpdate: atSecond(now, days * DAY_SECONDS),
      signingKey,
      signingAlgorithm: signatureOf(issuer.keyType),
      entries: revoked.map(({ serial, at, reason }) => ({
        serialNumber: serial,
        revocationDate: new Date(at),
        // RFC 5280 §5.3.1: no reason rather than "unspecified". The library would then write an empty list of extensions,
        // which §5.1 does not know: since when it is not valid is said instead.
        ...(reason === 'unspecified'
          ? { invalidity: new Date(at) }
          : { reason: REASON_CODES[reason] }),
      })),
      extensions: await crlExtensions(issuer.certificate.publicKey, number),
    },
    crypto,
  );
}

/** Never longer than its issuer: what outlives it could not be verified. */
function validity(
  days: number,
  now: Date,
  issuer: Authority | undefined,
): { readonly notBefore: Date; readonly notAfter: Date } {
  const wanted = atSecond(now, days * DAY_SECONDS);
  const last = issuer?.certificate.notAfter ?? wanted;
  const first = issuer?.certificate.notBefore ?? new Date(0);
  const backdated = atSecond(now, -BACKDATE_SECONDS);
  return {
    notBefore: backdated < first ? first : backdated,
    notAfter: wanted < last ? wanted : last,
  };
}

/** Certificates know no fractions of a second (RFC 5280 §4.1.2.5). */
function atSecond(from: Date, seconds: number): Date {
  return new Date((Math.floor(from.getTime() / 1_000) + seconds) * 1_000);
}

/** Positive and 16 bytes long, so that no two ever meet (RFC 5280 §4.1.2.2). */
function newSerial(): string {
  const bytes = randomBytes(16);
  // The first bit would be a sign, and a first byte of zero would not be the shortest form.
  bytes[0] = ((bytes[0] ?? 0) & 0x3f) | 0x40;
  return bytes.toString('hex');
}
