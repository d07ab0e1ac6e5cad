/** Key material for the daemon, from the files that the stored declarations name. */
import { stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { SecretReader } from '../drivers/strongswan/driver.ts';
import type { SecretUse } from '../plan/host-plan.ts';
import { readSecretMaterial, type SecretMaterial } from '../platform/secret-material.ts';
import { ObjectStore, type StoredObject } from '../store/object-store.ts';

export class StoredSecrets implements SecretReader {
  readonly #path: string;
  /** What was read last, with the file it came from: the file is replaced whole, never written into. */
  #known:
    | { readonly file: string; readonly secrets: ReadonlyMap<string, StoredObject> }
    | undefined;

  /** `path`: file of the stored declarations. */
  constructor(path: string) {
    this.#path = path;
  }

  async read(use: SecretUse): Promise<SecretMaterial> {
    const stored = (await this.#secrets()).get(`${use.namespace}/${use.name}`);
    if (stored?.object.kind !== 'Secret')
      throw new Error(`Secret ${use.namespace}/${use.name} is not declared`);
    return readSecretMaterial(stored.object.spec, dirname(stored.file));
  }

  async #secrets(): Promise<ReadonlyMap<string, StoredObject>> {
    const { ino, mtimeNs } = await stat(this.#path, { bigint: true });
    // Both: times can be coarse, and inode numbers come again.
    const file = `${ino} ${mtimeNs}`;
    if (this.#known?.file !== file) {
      const secrets = (await new ObjectStore(this.#path).read())
        .filter(({ object }) => object.kind === 'Secret')
        .map((stored) => [keyOf(stored), stored] as const);
      this.#known = { file, secrets: new Map(secrets) };
    }
    return this.#known.secrets;
  }
}

function keyOf({ object: { metadata } }: StoredObject): string {
  return `${metadata.namespace}/${metadata.name}`;
}
