/** Field shapes of what certifies and what is certified. */
import { z } from 'zod';
import { type Read, readAltName, readDistinguishedName } from './certificate-names.ts';

function readBy(read: (text: string) => Read<unknown>): z.ZodString {
  return z.string().superRefine((text, context) => {
    const { fault } = read(text);
    if (fault === undefined) return;
    context.addIssue({ code: 'custom', message: fault.message, params: { hint: fault.hint } });
  });
}

export const DistinguishedName: z.ZodString = readBy(readDistinguishedName).describe(
  'distinguished name, for example O=Example, CN=gw.example',
);

export const AltName: z.ZodString = readBy(readAltName).describe(
  'DNS name, IPv4 or IPv6 address, or mail address',
);

export const Domain: z.ZodString = readBy((text) => readAltName(`dns:${text}`))
  .regex(/^[^*]/, { error: 'stands for everything below it: write it without *' })
  .describe('DNS domain, for itself and all below it');

/** RFC 5280 §4.2.1.13: what must be fetched to check a certificate cannot need one itself. */
export const CrlUrl: z.ZodString = z
  .string()
  .refine((text) => URL.parse(text)?.protocol === 'http:', { error: 'is not an http: URL' })
  .describe('http: URL');

export const Days: z.ZodInt = z.int().min(1).max(36_500).describe('how long it is valid');

/** Of the validity: the next one may come a twentieth later. */
export const LATEST_RENEWAL: number = 19 / 20;

export const RenewAfterDays: z.ZodInt = z
  .int()
  .min(1)
  .max(36_500)
  .describe(
    'age at which the next one is made, give or take a twentieth of its validity; absent: two thirds of it',
  );
