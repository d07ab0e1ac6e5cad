import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import { describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { jsonSchemas } from './json-schema.ts';
import { certificatePartner, housePolicy, twoSites, vary } from './testing.ts';

const world = twoSites + certificatePartner + housePolicy;

function documents(text: string): { kind: string }[] {
  return [...parseAllDocuments(text)].map((document) => document.toJS() as { kind: string });
}

describe('jsonSchemas', () => {
  const schemas = jsonSchemas();

  it('are the files in deploy/schema', () => {
    expect(schemas.size).toBe(7);
    for (const [name, schema] of schemas) {
      const path = join(import.meta.dirname, `../../../../deploy/schema/${name}.json`);
      expect(JSON.parse(readFileSync(path, 'utf8')), name).toEqual(schema);
    }
  });

  it('accept what the model accepts', () => {
    const ajv = new Ajv({
      strict: true,
      allowUnionTypes: true,
      strictRequired: false,
      strictTypes: false,
    });
    const any = ajv.compile(schemas.get('sallyport') as object);
    for (const document of documents(world)) {
      const one = ajv.compile(schemas.get(document.kind.toLowerCase()) as object);
      expect(one(document), JSON.stringify(one.errors)).toBe(true);
      expect(any(document), JSON.stringify(any.errors)).toBe(true);
    }
  });

  it.each([
    ['start: initiate', 'start: never'],
    ['gateway: edge', 'gatewy: edge'],
    ['kind: Host', 'kind: Hots'],
    ['spec: {psk: {file: a.psk}}', 'spec: {psk: {}}'],
    ['hosts: [gw1]', 'hosts: []'],
  ])('refuse %s as %s', (from, to) => {
    const any = new Ajv({ strict: false }).compile(schemas.get('sallyport') as object);
    expect(documents(vary(world, [from, to])).every((document) => any(document))).toBe(false);
  });
});
