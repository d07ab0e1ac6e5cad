import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { certificatePartner, twoSites, vary } from '../model/testing.ts';
import { planWorld } from '../plan/testing/plan-world.ts';
import { WORLDS } from '../plan/testing/worlds.ts';
import { stageFile } from '../platform/atomic-file.ts';
import { storeChange, withStore } from './change-objects.ts';
import { mergeObjects, ObjectStore, type StoredObject } from './object-store.ts';
import { readPlanFile } from './plan-file.ts';
import { type Directories, pathsOf } from './state-directory.ts';
import { storedFrom } from './testing/stored.ts';

const { plan } = planWorld(WORLDS['dual-stack inside, IPv4 outside'] ?? { text: '' });
const { plan: other } = planWorld(WORLDS['VTI, pinned'] ?? { text: '' });

let directories: Directories;

beforeEach(async () => {
  const root = await mkdtemp(join(tmpdir(), 'store-'));
  directories = { state: join(root, 'state'), run: join(root, 'run') };
});
afterEach(async () => {
  await rm(join(directories.state, '..'), { recursive: true });
});

/** Names and texts of everything in the state directory. */
async function content(): Promise<[string, string][]> {
  const names = (await readdir(directories.state)).sort();
  return Promise.all(
    names.map(
      async (name): Promise<[string, string]> => [
        name,
        await readFile(join(directories.state, name), 'utf8'),
      ],
    ),
  );
}

/** `storeChange` in a process that may write no file of more bytes: as with a full disk. */
async function storeInProcess(bytes: number, objects: readonly StoredObject[]): Promise<string> {
  const program = `
    import { storeChange } from ${JSON.stringify(join(import.meta.dirname, 'change-objects.ts'))};
    process.on('SIGXFSZ', () => undefined);
    await storeChange(${[directories, objects, plan].map((value) => JSON.stringify(value)).join(', ')}).then(
      () => console.log('stored'),
      (error) => console.log(error.message),
    );
  `;
  const node = ['--conditions=@sallyport/source', '--input-type=module-typescript', '-e', program];
  const args = [`--fsize=${String(bytes)}`, process.execPath, ...node];
  return (await promisify(execFile)('prlimit', args)).stdout;
}

describe('storeChange', () => {
  it('stores what is read back just so', async () => {
    const objects = mergeObjects([], storedFrom(twoSites));
    await storeChange(directories, objects, plan);
    const paths = pathsOf(directories);
    expect(await new ObjectStore(paths.objects).read()).toEqual(objects);
    expect((await readPlanFile(paths.plan))?.revision).toBe(plan.revision);
  });

  it('changes nothing where there is no place to write', async () => {
    await storeChange(directories, mergeObjects([], storedFrom(twoSites)), plan);
    const before = await content();
    const nowhere = { ...directories, state: join(directories.state, 'objects.json', 'below') };
    await expect(storeChange(nowhere, [], plan)).rejects.toThrow('ENOTDIR');
    expect(await content()).toEqual(before);
  });

  it.each<{ what: string; room: (bytes: readonly number[]) => number }>([
    { what: 'neither of both', room: () => 100 },
    { what: 'the smaller of both', room: (bytes) => Math.min(...bytes) },
  ])('changes neither file where the disk has room for $what', async ({ room }) => {
    await storeChange(directories, mergeObjects([], storedFrom(twoSites)), other);
    const next = mergeObjects([], storedFrom(twoSites + certificatePartner));
    const spare = { ...directories, state: join(directories.run, 'spare') };
    await storeChange(spare, next, plan);
    const files = [pathsOf(spare).objects, pathsOf(spare).plan];
    const bytes = await Promise.all(files.map(async (file) => (await stat(file)).size));
    const before = await content();
    const said = await storeInProcess(room(bytes), next);
    expect(said).toMatch(/^EFBIG: file too large, write/u);
    expect(await content()).toEqual(before);
  });

  it('leaves no litter where the first file cannot take its place', async () => {
    await mkdir(pathsOf(directories).objects, { recursive: true });
    await expect(storeChange(directories, [], plan)).rejects.toThrow('EISDIR');
    expect(await readdir(directories.state)).toEqual(['objects.json']);
  });
});

describe('mergeObjects', () => {
  it('raises the generation with each change of spec, and only then', () => {
    const first = mergeObjects([], storedFrom(twoSites));
    const again = mergeObjects(first, storedFrom(twoSites));
    expect(again).toEqual(first);
    const changed = mergeObjects(
      first,
      storedFrom(vary(twoSites, ['start: initiate', 'start: trap'])),
    );
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
    const host = storedFrom(twoSites.split('---')[0] ?? '');
    expect(mergeObjects(mergeObjects([], storedFrom(twoSites)), host)).toHaveLength(4);
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

  it('removes what a change that was killed has left, but not what others write there', async () => {
    const { objects, plan: planPath, salt } = pathsOf(directories);
    for (const path of [objects, planPath, salt]) await stageFile(path, '');
    await withStore(directories, () => Promise.resolve());
    const names = await readdir(directories.state);
    expect(names.filter((name) => name.endsWith('.tmp'))).toEqual([
      expect.stringMatching(/^salt\./),
    ]);
  });
});
