/** `Secret`: key material, a reference to files on the gateway host, or made there. */
import { z } from 'zod';
import { AltName, Days, DistinguishedName, RenewAfterDays } from './certificate-fields.ts';
import {
  formatAltName,
  formatSubject,
  readAltName,
  readDistinguishedName,
} from './certificate-names.ts';
import { FilePath, Name, type ObjectOf, objectSchema } from './fields.ts';
import { KEY_TYPES, type KeyType } from './key-type.ts';

/** Exactly one of the members is present; `secretForm` says which. */
export interface SecretSpec {
  readonly psk?: { readonly file: string };
  readonly pem?: {
    /** With further certificates of its chain, in any order. */
    readonly certificate: string;
    readonly key: string;
    /** Of the key; absent: it is not encrypted. */
    readonly passphraseFile?: string;
    readonly authorities: readonly string[];
  };
  readonly pkcs12?: { readonly file: string; readonly passphraseFile?: string };
  readonly authority?: {
    readonly files: readonly string[];
    readonly revocationLists: readonly string[];
  };
  readonly issued?: IssuedSpec;
}

/** Key and certificate that Sallyport makes and renews itself, on the host that keeps the authority. */
export interface IssuedSpec {
  /** CertificateAuthority in the same namespace. */
  readonly authority: string;
  /** Absent: `CN=` and the name of the Secret. */
  readonly subject?: string;
  readonly altNames: readonly string[];
  readonly keyType: KeyType;
  readonly days: number;
  /** Absent: two thirds of `days`. */
  readonly renewAfterDays?: number;
}

export const SecretSpec: z.ZodType<SecretSpec> = z
  .strictObject({
    psk: z
      .strictObject({ file: FilePath })
      .exactOptional()
      .describe('pre-shared key: the bytes of the file without a trailing newline'),
    pem: z
      .strictObject({
        certificate: FilePath.describe(
          'the one that the key belongs to, and further ones of its chain in any order',
        ),
        key: FilePath.describe('private key: PKCS#8, PKCS#1 or SEC 1'),
        passphraseFile: FilePath.exactOptional().describe('absent: the key is not encrypted'),
        authorities: z
          .array(FilePath)
          .max(16)
          .default([])
          .describe('intermediate and root CA certificates'),
      })
      .exactOptional()
      .describe('certificate and private key in files of their own, PEM or DER'),
    pkcs12: z
      .strictObject({
        file: FilePath,
        passphraseFile: FilePath.exactOptional().describe('absent: no passphrase'),
      })
      .exactOptional()
      .describe('certificate, private key and authorities in one PKCS#12 file'),
    authority: z
      .strictObject({
        files: z.array(FilePath).min(1).max(16),
        revocationLists: z
          .array(FilePath)
          .max(16)
          .default([])
          .describe(
            'lists of revoked certificates (CRL), each signed by one of these CAs; PEM or DER',
          ),
      })
      .exactOptional()
      .describe('CA certificates that the other side is checked against, PEM or DER'),
    issued: z
      .strictObject({
        authority: Name.describe('CertificateAuthority in the same namespace'),
        subject: DistinguishedName.exactOptional().describe(
          'distinguished name; absent: CN= and the name of the Secret',
        ),
        altNames: z.array(AltName).min(1).max(64),
        keyType: z.enum(KEY_TYPES).default('ecdsa-p256'),
        days: Days.default(365),
        renewAfterDays: RenewAfterDays.exactOptional(),
      })
      .exactOptional()
      .describe('key and certificate that Sallyport makes and renews itself'),
  })
  .describe('exactly one of psk, pem, pkcs12, authority, issued');

export const SECRET_FORMS = ['psk', 'pem', 'pkcs12', 'authority', 'issued'] as const;
export type SecretForm = (typeof SECRET_FORMS)[number];

/** The forms present; a valid secret has exactly one. */
export function secretForms(spec: SecretSpec): SecretForm[] {
  return SECRET_FORMS.filter((form) => spec[form] !== undefined);
}

/** Every file that the secret is read from. */
export function secretFiles({ psk, pem, pkcs12, authority }: SecretSpec): string[] {
  return [
    psk?.file,
    pem?.certificate,
    pem?.key,
    pem?.passphraseFile,
    ...(pem?.authorities ?? []),
    pkcs12?.file,
    pkcs12?.passphraseFile,
    ...(authority?.files ?? []),
    ...(authority?.revocationLists ?? []),
  ].filter((file) => file !== undefined);
}

export type Secret = ObjectOf<'Secret', SecretSpec>;
export const Secret: z.ZodType<Secret> = objectSchema('Secret', SecretSpec);

/** As facts will have them, of a certificate that is issued for the Secret. */
export function issuedNames(
  { subject, altNames }: IssuedSpec,
  { name }: { readonly name: string },
): { readonly subject: string; readonly altNames: readonly string[] } {
  const { value = [] } = readDistinguishedName(subject ?? `CN=${name}`);
  return {
    subject: formatSubject(value),
    altNames: altNames.flatMap((text) => {
      const { value: altName } = readAltName(text);
      return altName === undefined ? [] : [formatAltName(altName)];
    }),
  };
}
