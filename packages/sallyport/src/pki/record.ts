/** What an authority remembers: everything it has issued, what of it is revoked, and its lists. Pure. */
import { z } from 'zod';
import { KEY_TYPES, type KeyType } from '../model/key-type.ts';
import { TokenKeyPlace } from '../model/token-key.ts';
import { REVOCATION_REASONS, type Revocation, type RevocationReason } from './revocation.ts';

const Time = z.iso.datetime();

export interface IssuedCertificate {
  /** Lower-case hex. */
  readonly serial: string;
  /** As strongSwan prints it. */
  readonly subject: string;
  /** As in facts: `DNS:gw.example`, `IP:192.0.2.1`. */
  readonly altNames: readonly string[];
  /** RFC 3339. */
  readonly notBefore: string;
  readonly notAfter: string;
  readonly isAuthority: boolean;
  /** Lower-case hex SHA-256 of the DER. */
  readonly fingerprint: string;
  readonly revoked?: { readonly at: string; readonly reason: RevocationReason };
}

export interface AuthorityRecord {
  readonly format: 'sallyport.dev/authority/v1alpha1';
  readonly name: string;
  readonly keyType: KeyType;
  /** Holds its key; absent: a file does. */
  readonly token?: TokenKeyPlace;
  /** The authority that certifies this one; absent: a root. */
  readonly parent?: string;
  /** Where its revocation list is published; goes into what it issues. */
  readonly crlUrls: readonly string[];
  /** Of the last list; 0: there is none yet. */
  readonly crlNumber: number;
  /** How long a list is good for. */
  readonly crlDays: number;
  readonly issued: readonly IssuedCertificate[];
  /** Takes its place. */
  readonly successor?: Successor;
}

export interface Successor {
  readonly name: string;
  /** RFC 3339: it is trusted at once, and certifies from then on. */
  readonly takesOverAt: string;
}

export const AuthorityRecord: z.ZodType<AuthorityRecord> = z.strictObject({
  format: z.literal('sallyport.dev/authority/v1alpha1'),
  name: z.string(),
  keyType: z.enum(KEY_TYPES),
  token: TokenKeyPlace.exactOptional(),
  parent: z.string().exactOptional(),
  crlUrls: z.array(z.string()),
  crlNumber: z.int().min(0),
  crlDays: z.int().min(1),
  issued: z.array(
    z.strictObject({
      serial: z.string(),
      subject: z.string(),
      altNames: z.array(z.string()),
      notBefore: Time,
      notAfter: Time,
      isAuthority: z.boolean(),
      fingerprint: z.string(),
      revoked: z.strictObject({ at: Time, reason: z.enum(REVOCATION_REASONS) }).exactOptional(),
    }),
  ),
  successor: z.strictObject({ name: z.string(), takesOverAt: Time }).exactOptional(),
});

export function withIssued(record: AuthorityRecord, issued: IssuedCertificate): AuthorityRecord {
  return { ...record, issued: [...record.issued, issued] };
}

/**
 * `serial`: of a certificate that this authority has issued, in any case and with any separators; undefined where it
 * has not. What is revoked already stays as it was.
 */
export function withRevoked(
  record: AuthorityRecord,
  serial: string,
  reason: RevocationReason,
  now: Date,
): AuthorityRecord | undefined {
  const wanted = canonicalSerial(serial);
  const found = record.issued.find((issued) => issued.serial === wanted);
  if (found === undefined) return undefined;
  if (found.revoked !== undefined) return record;
  const revoked = { at: now.toISOString(), reason };
  const issued = record.issued.map((one) => (one === found ? { ...one, revoked } : one));
  return { ...record, issued };
}

/** For the list. Also of what has expired since: a gateway whose clock is slow would take it. */
export function revocationsOf({ issued }: AuthorityRecord): Revocation[] {
  return issued.flatMap(({ serial, revoked }) =>
    revoked === undefined ? [] : [{ serial, ...revoked }],
  );
}

/** openssl prints capitals, others colons. */
function canonicalSerial(text: string): string {
  return text.replaceAll(/[:\s]/g, '').replace(/^0x/i, '').toLowerCase();
}
