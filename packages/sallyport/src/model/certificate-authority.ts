/** `CertificateAuthority`: one of our own, kept on one host, which certifies the gateways there. */
import { z } from 'zod';
import { CrlUrl, Days, DistinguishedName, Domain, RenewAfterDays } from './certificate-fields.ts';
import { FilePath, Name, type ObjectOf, objectSchema } from './fields.ts';
import { KEY_TYPES, type KeyType } from './key-type.ts';

export interface CertificateAuthoritySpec {
  /** Host that keeps its key. */
  readonly host: string;
  readonly subject: string;
  readonly passphraseFile: string;
  /** Authority that certifies it, kept on the same host; absent: a root. */
  readonly parent?: string;
  readonly keyType: KeyType;
  readonly days: number;
  /** Absent: two thirds of `days`. */
  readonly renewAfterDays?: number;
  /** How long the next one is trusted beside it before it certifies. */
  readonly crossOverDays: number;
  readonly pathLength?: number;
  readonly permittedDomains: readonly string[];
  readonly revocationList: { readonly urls: readonly string[]; readonly days: number };
}

export const CertificateAuthoritySpec: z.ZodType<CertificateAuthoritySpec> = z.strictObject({
  host: Name.describe('Host that keeps its key'),
  subject: DistinguishedName,
  passphraseFile: FilePath.describe('passphrase of its key, 12 characters or more'),
  parent: Name.exactOptional().describe(
    'CertificateAuthority that certifies it, on the same Host; absent: a root',
  ),
  keyType: z.enum(KEY_TYPES).default('ecdsa-p384'),
  days: Days.default(3_650),
  renewAfterDays: RenewAfterDays.exactOptional(),
  crossOverDays: z
    .int()
    .min(0)
    .max(3_650)
    .default(30)
    .describe('how long the next authority is trusted beside this one before it certifies'),
  pathLength: z
    .int()
    .min(0)
    .max(9)
    .exactOptional()
    .describe('authorities in a row below it; absent: any number'),
  permittedDomains: z
    .array(Domain)
    .max(64)
    .default([])
    .describe('DNS names that it certifies lie in these; empty: any'),
  revocationList: z
    .strictObject({
      urls: z.array(CrlUrl).max(4).default([]).describe('where its list will be published'),
      days: z.int().min(1).max(365).default(30).describe('how long each list is good'),
    })
    .prefault({}),
});

export type CertificateAuthority = ObjectOf<'CertificateAuthority', CertificateAuthoritySpec>;
export const CertificateAuthority: z.ZodType<CertificateAuthority> = objectSchema(
  'CertificateAuthority',
  CertificateAuthoritySpec,
);
