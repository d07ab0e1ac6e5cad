/** Field shapes that several kinds share. Their checks are the first ring: form, range, enum. */
import { z } from 'zod';
import { parseAddress, parseInterfaceAddress, parsePrefix } from '../lib/prefix.ts';

/** The API group and version of every declared object. */
export const API_VERSION = 'sallyport.dev/v1alpha1';

/** DNS label (RFC 1123 §2.1): names are joined with dots in daemon and kernel, so no dots inside. */
export const Name: z.ZodString = z
  .string()
  .regex(/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/, {
    error:
      'must be 1 to 63 lower-case letters, digits or hyphens, and begin and end with a letter or digit',
  })
  .describe('1 to 63 lower-case letters, digits or hyphens');

export const IpAddress: z.ZodString = z
  .string()
  .refine((text) => parseAddress(text) !== undefined, { error: 'is not an IPv4 or IPv6 address' })
  .describe('IPv4 or IPv6 address');

/** A prefix without host bits; what stands behind the slash must cover all bits set before it. */
export const Cidr: z.ZodString = z
  .string()
  .superRefine((text, context) => {
    const parsed = parsePrefix(text);
    if (parsed.ok) return;
    context.addIssue({
      code: 'custom',
      message: parsed.reason,
      params: { code: parsed.code, hint: parsed.hint },
    });
  })
  .describe('IPv4 or IPv6 prefix without host bits, for example 10.1.0.0/16');

/** An address of an interface, with the length of its subnet, such as `example`. */
export function interfaceAddress(example: string): z.ZodString {
  return z
    .string()
    .refine((text) => parseInterfaceAddress(text) !== undefined, {
      error: `is not an address with the length of its subnet, such as ${example}`,
    })
    .describe(`address with the length of its subnet, for example ${example}`);
}

/** Autonomous system number (RFC 6793); 0, 23456 and the last of each size are nobody's (RFC 7607, 6793, 7300). */
export const Asn: z.ZodNumber = z
  .int()
  .min(1)
  .max(4_294_967_294)
  .refine((asn) => asn !== 23_456 && asn !== 65_535, {
    error: 'is reserved, and no number of an autonomous system',
  });

/** Path of a file on the gateway host; relative paths count from the declaring file. */
export const FilePath: z.ZodString = z
  .string()
  .min(1)
  .max(4096)
  .regex(/^[^\0]*$/, { error: 'must not contain a NUL character' })
  .describe('file path; relative to the declaring file');

export interface Metadata {
  readonly name: string;
  /** Tenant or project. */
  readonly namespace: string;
  readonly labels?: Readonly<Record<string, string>>;
  /** Counts the changes of `spec`; absent: never stored by Sallyport. */
  readonly generation?: number;
}

export const Metadata: z.ZodType<Metadata> = z.strictObject({
  name: Name,
  namespace: Name.default('default').describe('tenant or project; default "default"'),
  labels: z.record(z.string().max(317), z.string().max(63)).exactOptional(),
  generation: z
    .int()
    .min(1)
    .exactOptional()
    .describe('set by Sallyport: counts the changes of spec'),
});

/** What every declared object has around its `spec`. */
export interface ObjectOf<K extends string, Spec> {
  readonly apiVersion: typeof API_VERSION;
  readonly kind: K;
  readonly metadata: Metadata;
  readonly spec: Spec;
}

/** Schema of a whole object from its kind and the schema of its `spec`. */
export function objectSchema<K extends string, Spec>(
  kind: K,
  spec: z.ZodType<Spec>,
): z.ZodType<ObjectOf<K, Spec>> {
  const schema = z.strictObject({
    apiVersion: z.literal(API_VERSION),
    kind: z.literal(kind),
    metadata: Metadata,
    spec,
  });
  // zod cannot see that a generic `Spec` has no `undefined` in it and so makes the key optional.
  return schema;
}

/** A name of <linux/if.h>: what no path and no option can be mistaken for. */
export const InterfaceName: z.ZodType<string> = z
  .string()
  .regex(/^[A-Za-z0-9][-A-Za-z0-9_.:@]{0,14}$/, {
    error: 'must be the name of an interface: 1 to 15 characters, beginning with a letter or digit',
  });
