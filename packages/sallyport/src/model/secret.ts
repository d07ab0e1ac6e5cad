/** `Secret`: key material, here always a reference to files on the gateway host. */
import { z } from 'zod';
import { API_VERSION, FilePath, Metadata } from './fields.ts';

export const SecretSpec = z
  .strictObject({
    psk: z.strictObject({ file: FilePath }).optional(),
    pem: z
      .strictObject({
        certificate: FilePath.describe('leaf first; further certificates of the chain may follow'),
        key: FilePath.describe('unencrypted private key'),
        authorities: z.array(FilePath).max(16).default([]).describe('intermediate and root CA certificates'),
      })
      .optional(),
    pkcs12: z.strictObject({ file: FilePath, passphraseFile: FilePath.optional() }).optional(),
    authority: z.strictObject({ files: z.array(FilePath).min(1).max(16) }).optional(),
  })
  .describe('exactly one of psk, pem, pkcs12, authority');

export const Secret = z.strictObject({
  apiVersion: z.literal(API_VERSION),
  kind: z.literal('Secret'),
  metadata: Metadata,
  spec: SecretSpec,
});
export type Secret = z.output<typeof Secret>;
