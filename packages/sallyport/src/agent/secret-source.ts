/** Key material for the daemon, from the files that the stored declarations name. */
import { stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { SecretReader } from '../drivers/strongswan/driver.ts';
import type { ParsedObject } from '../model/parsed-object.ts';
import type { Secret } from '../model/secret.ts';
import type { SecretUse } from '../plan/host-plan.ts';
import { readSecretMaterial, type SecretMaterial } from '../platform/secret-material.ts';
import { ObjectStore, toParsed } from '../store/object-store.ts';

/** By `namespace/name`. */
export type DeclaredSecrets = ReadonlyMap<string, ParsedObject<Secret>>;

/** Throws where no such Secret is declared. */
export function findSecret(
  declared: DeclaredSecrets,
  { namespace, name }: SecretUse,
): ParsedObject<Secret> {
  const stored = declared.get(`${namespace}/${name}`);
  if (stored === undefined) throw new Error(`Secret ${namespace}/${name} is not declared`);
  return stored;
}

export class StoredSecrets implements SecretReader {
  readonly #path: string;
  /** What was read last, with the file it came from: the file is replaced whole, never written into. */
  #known: { readonly file: string; readonly secrets: DeclaredSecrets } | undefined;

  /** `path`: file of the stored declarations. */
  constructor(path: string) {
    this.#path = path;
  }

  async read(use: SecretUse): Promise<SecretMaterial> {
    const { object, file } = findSecret(await this.declared(), use);
    return readSecretMaterial(object.spec, dirname(file));
  }

  async declared(): Promise<DeclaredSecrets> {
    const { ino, mtimeNs } = await stat(this.#path, { bigint: true });
    // Both: times can be coarse, and inode numbers come again.
    const file = `${ino} ${mtimeNs}`;
    if (this.#known?.file !== file) {
      const secrets = (await new ObjectStore(this.#path).read(['Secret']))
        .map(toParsed)
        .filter(isSecret)
        .map((parsed) => [keyOf(parsed), parsed] as const);
      this.#known = { file, secrets: new Map(secrets) };
    }
    return this.#known.secrets;
  }
}

function isSecret(parsed: ParsedObject): parsed is ParsedObject<Secret> {
  return parsed.object.kind === 'Secret';
}

function keyOf({ object: { metadata } }: ParsedObject): string {
  return `${metadata.namespace}/${metadata.name}`;
}
