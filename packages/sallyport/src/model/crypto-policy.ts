/** `CryptoPolicy`: named IKE and ESP proposals and lifetimes. */
import { z } from 'zod';
import { API_VERSION, Metadata } from './fields.ts';

/** strongSwan keywords joined by `-`; one proposal an entry (5.9 cuts proposals at 511 bytes). */
const Proposal = z
  .string()
  .min(3)
  .max(255)
  .regex(/^[a-z0-9_]+(-[a-z0-9_]+)*$/, { error: 'must be keywords of lower-case letters, digits and _ joined by "-"' });

export const CryptoSpec = z.strictObject({
  ike: z.strictObject({
    proposals: z.array(Proposal).min(1).max(16).describe('for example aes256gcm16-prfsha384-ecp384'),
    rekeySeconds: z.int().min(300).max(604_800).default(14_400).describe('IKE SA lifetime before rekey'),
  }),
  esp: z.strictObject({
    proposals: z.array(Proposal).min(1).max(16).describe('for example aes256gcm16-ecp384'),
    rekeySeconds: z.int().min(120).max(604_800).default(3_600).describe('Child SA lifetime before rekey'),
    rekeyBytes: z.int().min(1_048_576).optional().describe('rekey after so many bytes; absent: no limit'),
  }),
});
export type CryptoSpec = z.output<typeof CryptoSpec>;

export const CryptoPolicy = z.strictObject({
  apiVersion: z.literal(API_VERSION),
  kind: z.literal('CryptoPolicy'),
  metadata: Metadata,
  spec: CryptoSpec,
});
export type CryptoPolicy = z.output<typeof CryptoPolicy>;
