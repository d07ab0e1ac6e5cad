/** `CryptoPolicy`: named IKE and ESP proposals and lifetimes. */
import { z } from 'zod';
import { type ObjectOf, objectSchema } from './fields.ts';

/** Proposals and lifetimes, as a policy of its own or written inline in a connection. */
export interface CryptoSpec {
  readonly ike: {
    readonly proposals: readonly string[];
    /** IKE SA lifetime before rekey. */
    readonly rekeySeconds: number;
  };
  readonly esp: {
    readonly proposals: readonly string[];
    /** Child SA lifetime before rekey. */
    readonly rekeySeconds: number;
    /** Rekey after so many bytes; absent: no limit. */
    readonly rekeyBytes?: number;
  };
}

/** strongSwan keywords joined by `-`; one proposal an entry (5.9 cuts proposals at 511 bytes). */
const Proposal = z
  .string()
  .min(3)
  .max(255)
  .regex(/^[a-z0-9_]+(-[a-z0-9_]+)*$/, {
    error: 'must be keywords of lower-case letters, digits and _ joined by "-"',
  });

const Proposals = z.array(Proposal).min(1).max(16);

export const CryptoSpec: z.ZodType<CryptoSpec> = z.strictObject({
  ike: z.strictObject({
    proposals: Proposals.describe('preferred first, for example aes256gcm16-prfsha384-ecp384'),
    rekeySeconds: z
      .int()
      .min(300)
      .max(604_800)
      .default(14_400)
      .describe('IKE SA lifetime before rekey'),
  }),
  esp: z.strictObject({
    proposals: Proposals.describe('preferred first, for example aes256gcm16-ecp384'),
    rekeySeconds: z
      .int()
      .min(120)
      .max(604_800)
      .default(3_600)
      .describe('Child SA lifetime before rekey'),
    rekeyBytes: z
      .int()
      .min(1_048_576)
      .exactOptional()
      .describe('rekey after so many bytes; absent: no limit'),
  }),
});

export type CryptoPolicy = ObjectOf<'CryptoPolicy', CryptoSpec>;
export const CryptoPolicy: z.ZodType<CryptoPolicy> = objectSchema('CryptoPolicy', CryptoSpec);
