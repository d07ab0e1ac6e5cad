/** `Secret`: key material, here always a reference to files on the gateway host. */
import { z } from 'zod';
import { FilePath, type ObjectOf, objectSchema } from './fields.ts';

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
  })
  .describe('exactly one of psk, pem, pkcs12, authority');

export const SECRET_FORMS = ['psk', 'pem', 'pkcs12', 'authority'] as const;
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
