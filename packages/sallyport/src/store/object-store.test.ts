import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { certificatePartner, twoSites } from '../model/testing.ts';
import { ObjectStore } from './object-store.ts';
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
    { what: 'is cut short', content: '[{"file":"/etc/si', error: SyntaxError },
    { what: 'is empty', content: '', error: SyntaxError },
    { what: 'is no list', content: '{}', error: /expected array/u },
    {
      what: 'holds a kind of a later version',
      content: '[{"file":"/a.yaml","object":{"kind":"Router"}}]',
      error: /Invalid option/u,
    },
    {
      what: 'holds an object without its fields',
      content: '[{"file":"/a.yaml","object":{"kind":"Host"}}]',
      error: /metadata/u,
    },
  ])('throws where the file $what: to guess would remove tunnels', async ({ content, error }) => {
    await writeFile(path, content);
    await expect(new ObjectStore(path).read()).rejects.toThrow(error);
  });
});
