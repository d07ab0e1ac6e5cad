/** Looks into a zod schema: which fields it knows, at a place or in all. */
import type { z } from 'zod';
import type { FieldPath } from './parsed-object.ts';

/** The members of zod's definitions that lead further down; all its schema kinds share this shape. */
interface Definition {
  readonly type: string;
  readonly shape?: Readonly<Record<string, z.core.$ZodType>>;
  readonly element?: z.core.$ZodType;
  readonly innerType?: z.core.$ZodType;
  readonly options?: readonly z.core.$ZodType[];
}

function definitionOf(schema: z.core.$ZodType): Definition {
  return schema._zod.def;
}

/** The alternatives behind wrappers (default, optional) and unions. */
function plainSchemas(schema: z.core.$ZodType): z.core.$ZodType[] {
  const { innerType, options } = definitionOf(schema);
  if (innerType !== undefined) return plainSchemas(innerType);
  if (options !== undefined) return options.flatMap(plainSchemas);
  return [schema];
}

/** Names of the fields that may stand at `path`; empty where nothing with fields can. */
export function fieldsAt(schema: z.core.$ZodType, path: FieldPath): string[] {
  let candidates = plainSchemas(schema);
  for (const step of path) {
    candidates = candidates
      .flatMap((candidate) => {
        const { shape, element } = definitionOf(candidate);
        const next = typeof step === 'number' ? element : shape?.[step];
        return next === undefined ? [] : [next];
      })
      .flatMap(plainSchemas);
  }
  return candidates.flatMap((candidate) => Object.keys(definitionOf(candidate).shape ?? {}));
}

/**
 * Paths of all fields that hold a value: `spec.tunnels[].local.address`. A field that may be a value or
 * an object, such as a policy by name or written inline, stands for itself and for what is in it.
 */
export function fieldPaths(schema: z.core.$ZodType, prefix = ''): string[] {
  return [...new Set(plainSchemas(schema).flatMap((candidate) => pathsBelow(candidate, prefix)))];
}

function pathsBelow(schema: z.core.$ZodType, prefix: string): string[] {
  const { shape, element } = definitionOf(schema);
  if (shape !== undefined) {
    return Object.entries(shape).flatMap(([name, field]) =>
      fieldPaths(field, prefix === '' ? name : `${prefix}.${name}`),
    );
  }
  if (element === undefined) return [prefix];
  const hasFields = plainSchemas(element).some((item) => definitionOf(item).shape !== undefined);
  return hasFields ? fieldPaths(element, `${prefix}[]`) : [prefix];
}
