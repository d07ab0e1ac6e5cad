import { describe, expect, it } from 'vitest';
import { CHANGE_CLASSES, changeClassReference } from './change-classes.ts';
import { KINDS, SCHEMAS } from './objects.ts';
import { fieldPaths } from './schema-fields.ts';

/** Cannot be changed: they say what an object is, or are counted by Sallyport. */
const FIXED = ['apiVersion', 'kind', 'metadata.generation'];

describe('change classes', () => {
  it.each(KINDS)('of %s name every field of its schema and no other', (kind) => {
    const fields = fieldPaths(SCHEMAS[kind]).filter((path) => !FIXED.includes(path));
    expect(Object.keys(CHANGE_CLASSES[kind]).toSorted()).toEqual(fields.toSorted());
  });

  it('see the fields of lists, of choices, and of what may be a name or an object', () => {
    const paths = fieldPaths(SCHEMAS.Connection);
    expect(paths).toContain('spec.tunnels[].remote.id');
    expect(paths).toContain('spec.auth.certificate.peerAuthority');
    expect(paths).toContain('spec.crypto');
    expect(paths).toContain('spec.crypto.esp.rekeyBytes');
    expect(paths).toContain('spec.routing.static.networks');
  });

  it('are listed in the reference, a row for each field', () => {
    const rows = Object.values(CHANGE_CLASSES).flatMap((fields) => Object.keys(fields));
    const lines = changeClassReference()
      .split('\n')
      .filter((line) => line.startsWith('| `'));
    expect(lines).toHaveLength(rows.length);
  });
});
