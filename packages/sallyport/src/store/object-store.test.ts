import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { certificatePartner, twoSites } from '../model/testing.ts';
import { DamagedStoreError, ObjectStore } from './object-store.ts';
import { storedFrom } from './testing/stored.ts';

let directory: string;
let path: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'object-store-'));
  path = join(directory, 'objects.json');
});
afterEach(async () => {
  await rm(directory, { recursive: true });
});

describe('ObjectStore', () => {
  it('holds nothing before the first apply', async () => {
    expect(await new ObjectStore(path).read()).toEqual([]);
  });

  it('gives back every kind just as it was stored', async () => {
    const objects = storedFrom(twoSites + certificatePartner);
    await (await new ObjectStore(path).stage(objects)).commit();
    expect(await new ObjectStore(path).read()).toEqual(objects);
  });

  it.each([
    { what: 'is cut short', content: '[{"file":"/etc/si', reason: 'Unterminated string' },
    { what: 'is empty', content: '', reason: 'Unexpected end' },
    { what: 'is no list', content: '{}', reason: 'expected array' },
    {
      what: 'holds a kind of a later version',
      content: '[{"file":"/a.yaml","object":{"kind":"Router"}}]',
      reason: '0.object.kind: Invalid option',
    },
    {
      what: 'holds an object without its fields',
      content: '[{"file":"/a.yaml","object":{"kind":"Host"}}]',
      reason: 'apiVersion',
    },
  ])('guesses nothing where the file $what, and says so', async ({ content, reason }) => {
    await writeFile(path, content);
    const read = new ObjectStore(path).read();
    await expect(read).rejects.toThrow(DamagedStoreError);
    await expect(read).rejects.toThrow(`${path} is damaged (`);
    await expect(read).rejects.toThrow(reason);
    await expect(read).rejects.not.toThrow(/\n/u);
    expect(await readFile(path, 'utf8')).toBe(content);
  });

  it('passes on why a file cannot be read at all', async () => {
    await mkdir(path);
    await expect(new ObjectStore(path).read()).rejects.toMatchObject({ code: 'EISDIR' });
  });
});
