import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseYaml } from '../model/parse-yaml.ts';
import { twoSites, vary } from '../model/testing.ts';
import { planWorld } from '../plan/testing/plan-world.ts';
import { WORLDS } from '../plan/testing/worlds.ts';
import { storeChange, withStore } from './change-objects.ts';
import { mergeObjects, ObjectStore, type StoredObject } from './object-store.ts';
import { readPlanFile } from './plan-file.ts';
import { type Directories, pathsOf } from './state-directory.ts';

const { plan } = planWorld(WORLDS['dual-stack inside, IPv4 outside'] ?? { text: '' });

function stored(text: string): StoredObject[] {
  return parseYaml([{ file: '/etc/site.yaml', text }]).objects.map(({ object, file }) => ({
    object,
    file,
  }));
}

let directories: Directories;

beforeEach(async () => {
  const root = await mkdtemp(join(tmpdir(), 'store-'));
  directories = { state: join(root, 'state'), run: join(root, 'run') };
});
afterEach(async () => {
  await rm(join(directories.state, '..'), { recursive: true });
});

describe('storeChange', () => {
  it('stores what is read back just so', async () => {
    const objects = mergeObjects([], stored(twoSites));
    await storeChange(directories, objects, plan);
    const paths = pathsOf(directories);
    expect(await new ObjectStore(paths.objects).read()).toEqual(objects);
    expect((await readPlanFile(paths.plan))?.revision).toBe(plan.revision);
  });

  it('changes nothing where there is no room to write, and leaves no litter', async () => {
    await storeChange(directories, mergeObjects([], stored(twoSites)), plan);
    const { objects } = pathsOf(directories);
    const before = await readFile(objects, 'utf8');
    const nowhere = { ...directories, state: join(objects, 'below-a-file') };
    await expect(storeChange(nowhere, [], plan)).rejects.toThrow('ENOTDIR');
    expect(await readFile(objects, 'utf8')).toBe(before);
    expect((await readdir(directories.state)).sort()).toEqual(['objects.json', 'plan.json']);
  });
});

describe('mergeObjects', () => {
  it('raises the generation with each change of spec, and only then', () => {
    const first = mergeObjects([], stored(twoSites));
    const again = mergeObjects(first, stored(twoSites));
    expect(again).toEqual(first);
    const changed = mergeObjects(first, stored(vary(twoSites, ['start: initiate', 'start: trap'])));
    const generations = (objects: readonly StoredObject[]): unknown[] =>
      objects.map(({ object }) => [object.kind, object.metadata.generation]);
    expect(generations(changed)).toEqual([
      ['Connection', 2],
      ['Gateway', 1],
      ['Host', 1],
      ['Secret', 1],
    ]);
  });

  it('keeps what is not in the input', () => {
    const host = stored(twoSites.split('---')[0] ?? '');
    expect(mergeObjects(mergeObjects([], stored(twoSites)), host)).toHaveLength(4);
  });
});

describe('withStore', () => {
  it('lets changes follow each other', async () => {
    const order: string[] = [];
    const first = Promise.withResolvers<undefined>();
    const one = withStore(directories, async () => {
      order.push('one begins');
      await first.promise;
      order.push('one ends');
    });
    const two = withStore(directories, () => {
      order.push('two');
      return Promise.resolve();
    });
    first.resolve(undefined);
    await Promise.all([one, two]);
    expect(order.indexOf('one ends')).toBe(order.indexOf('one begins') + 1);
    expect(order).toHaveLength(3);
  });
});
