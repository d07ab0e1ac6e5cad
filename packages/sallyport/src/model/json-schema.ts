/** JSON Schemas of the declared kinds, for editors; generated from the zod schemas. */
import { z } from 'zod';
import { KINDS, SCHEMAS } from './objects.ts';

const DRAFT = 'http://json-schema.org/draft-07/schema#';

/**
 * By file name without suffix: one schema for each kind, and `sallyport` for files of mixed kinds.
 * Draft 7 is what the YAML language server reads best.
 */
export function jsonSchemas(): Map<string, unknown> {
  const schemas = new Map<string, unknown>();
  for (const kind of KINDS) {
    schemas.set(kind.toLowerCase(), { $schema: DRAFT, title: kind, ...schemaOf(kind) });
  }
  schemas.set('sallyport', {
    $schema: DRAFT,
    title: 'Any declared object of Sallyport',
    type: 'object',
    required: ['apiVersion', 'kind'],
    properties: { kind: { enum: [...KINDS] } },
    // Chosen by kind rather than `oneOf`: editors then report only the mistakes of the kind meant.
    allOf: KINDS.map((kind) => ({
      if: { properties: { kind: { const: kind } }, required: ['kind'] },
      then: schemaOf(kind),
    })),
  });
  return schemas;
}

function schemaOf(kind: keyof typeof SCHEMAS): Record<string, unknown> {
  const { $schema: _, ...schema } = z.toJSONSchema(SCHEMAS[kind], {
    io: 'input',
    target: 'draft-7',
  });
  return schema;
}
