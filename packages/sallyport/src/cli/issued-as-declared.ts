/** The files of certificates that are issued here, for plans of what is not applied. */
import type { ParsedObject } from '../model/parsed-object.ts';
import { IssuedStore, inUse, isAsDeclared } from '../store/issued-store.ts';
import { type Directories, pathsOf } from '../store/state-directory.ts';

/** Where they are what is declared: others will be made by apply, and nobody has read them yet. */
export async function resolveAsDeclared(
  objects: readonly ParsedObject[],
  directories: Directories,
): Promise<ParsedObject[]> {
  const store = new IssuedStore(pathsOf(directories).issued);
  return Promise.all(
    objects.map(async (parsed) => {
      const { object, ...place } = parsed;
      if (object.kind !== 'Secret' || object.spec.issued === undefined) return parsed;
      // Only root may read it.
      const state = await store.read(object.metadata).catch(() => undefined);
      if (state === undefined) return parsed;
      return isAsDeclared(inUse(state), object.spec.issued, object.metadata)
        ? store.resolve({ object, ...place })
        : parsed;
    }),
  );
}
