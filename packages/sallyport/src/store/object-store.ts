/** The declarations in effect on this host, with the generation of each. One file, replaced whole. */
import { z } from 'zod';
import { byKey } from '../lib/by-key.ts';
import { canonicalJson } from '../lib/canonical-json.ts';
import { formatObjectRef } from '../lib/problem.ts';
import type { DeclaredObject } from '../model/objects.ts';
import { KINDS, SCHEMAS } from '../model/objects.ts';
import type { ParsedObject } from '../model/parsed-object.ts';
import { readJsonFile, type StagedFile, stageFile } from '../platform/atomic-file.ts';

/** An object and the file that declared it: relative paths in it count from there. */
export interface StoredObject {
  readonly file: string;
  readonly object: DeclaredObject;
}

export function keyOfObject({ kind, metadata }: DeclaredObject): string {
  return formatObjectRef({ kind, namespace: metadata.namespace, name: metadata.name });
}

/** Incoming objects over those that are there; a change of spec raises the generation. */
export function mergeObjects(
  before: readonly StoredObject[],
  incoming: readonly StoredObject[],
): StoredObject[] {
  const merged = new Map(before.map((stored) => [keyOfObject(stored.object), stored]));
  for (const { file, object } of incoming) {
    const old = merged.get(keyOfObject(object))?.object;
    const isSame =
      old !== undefined &&
      (old.spec === object.spec || canonicalJson(old.spec) === canonicalJson(object.spec));
    const generation = (old?.metadata.generation ?? 0) + (isSame ? 0 : 1);
    merged.set(keyOfObject(object), { file, object: withGeneration(object, generation) });
  }
  return byKey(merged).map(([, stored]) => stored);
}

function withGeneration(object: DeclaredObject, generation: number): DeclaredObject {
  return { ...object, metadata: { ...object.metadata, generation } };
}

export function toParsed({ file, object }: StoredObject): ParsedObject {
  return { object, file, positions: new Map() };
}

/** The stored declarations cannot be understood; they are left as they are. */
export class DamagedStoreError extends Error {
  constructor(path: string, reason: string) {
    super(
      `${path} is damaged (${reason}); nothing was changed: put back a copy of it, or remove it and apply all declarations again`,
    );
    this.name = 'DamagedStoreError';
  }
}

function issueOf({ issues: [first] }: z.ZodError): string {
  return first === undefined ? '' : `${first.path.join('.')}: ${first.message}`;
}

const StoredFile = z.array(
  z.object({
    file: z.string(),
    object: z.looseObject({
      kind: z.enum(KINDS),
    }),
  }),
);

export class ObjectStore {
  readonly #path: string;

  constructor(path: string) {
    this.#path = path;
  }

  /** Objects of these kinds. Throws {@link DamagedStoreError}: guessing what a damaged file declared would remove tunnels. */
  async read(kinds: readonly string[] = KINDS): Promise<StoredObject[]> {
    try {
      const value = await readJsonFile(this.#path);
      if (value === undefined) return [];
      const stored = StoredFile.parse(value).filter(({ object }) => kinds.includes(object.kind));
      return stored.map(({ file, object }) => ({
        file,
        object: SCHEMAS[object.kind].parse(object),
      }));
    } catch (error) {
      if (error instanceof z.ZodError) throw new DamagedStoreError(this.#path, issueOf(error));
      if (error instanceof SyntaxError) throw new DamagedStoreError(this.#path, error.message);
      throw error;
    }
  }

  stage(objects: readonly StoredObject[]): Promise<StagedFile> {
    return stageFile(this.#path, `${JSON.stringify(objects, undefined, 1)}\n`);
  }
}
