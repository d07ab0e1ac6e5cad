/** Key material for the daemon, from the files that the stored declarations name. */
import { dirname } from 'node:path';
import type { SecretReader } from '../drivers/strongswan/driver.ts';
import type { SecretUse } from '../plan/host-plan.ts';
import { readSecretMaterial, type SecretMaterial } from '../platform/secret-material.ts';
import type { ObjectStore } from '../store/object-store.ts';

export class StoredSecrets implements SecretReader {
  readonly #store: ObjectStore;

  constructor(store: ObjectStore) {
    this.#store = store;
  }

  async read(use: SecretUse): Promise<SecretMaterial> {
    const stored = (await this.#store.read()).find(
      ({ object }) =>
        object.kind === 'Secret' &&
        object.metadata.namespace === use.namespace &&
        object.metadata.name === use.name,
    );
    if (stored?.object.kind !== 'Secret')
      throw new Error(`Secret ${use.namespace}/${use.name} is not declared`);
    return readSecretMaterial(stored.object.spec, dirname(stored.file));
  }
}
