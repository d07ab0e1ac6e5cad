/** Key material for the daemon, from the files that the stored declarations name. */
import { stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { SecretReader } from '../drivers/secret-reader.ts';
import type { ParsedObject } from '../model/parsed-object.ts';
import type { Secret } from '../model/secret.ts';
import type { SecretUse } from '../plan/secret-reference.ts';
import { readSecretMaterial, type SecretMaterial } from '../platform/secret-material.ts';
import { IssuedStore } from '../store/issued-store.ts';
import { ObjectStore, toParsed } from '../store/object-store.ts';
import type { pathsOf } from '../store/state-directory.ts';

/** By `namespace/name`. */
type DeclaredSecrets = ReadonlyMap<string, ParsedObject<Secret>>;

export class StoredSecrets implements SecretReader {
  readonly #path: string;
  readonly #issued: IssuedStore;
  /** What was read last, with the file it came from: the file is replaced whole, never written into. */
  #known: { readonly file: string; readonly secrets: Promise<DeclaredSecrets> } | undefined;

  constructor({ objects, issued }: Pick<ReturnType<typeof pathsOf>, 'objects' | 'issued'>) {
    this.#path = objects;
    this.#issued = new IssuedStore(issued);
  }

  async read(use: SecretUse): Promise<SecretMaterial> {
    const { object, file } = await this.find(use);
    return readSecretMaterial(object.spec, dirname(file));
  }

  /** With the files of what is in use, where it is issued by ourselves. Throws where no such Secret is declared. */
  async find({ namespace, name }: SecretUse): Promise<ParsedObject<Secret>> {
    const stored = (await this.#declared()).get(`${namespace}/${name}`);
    if (stored === undefined) throw new Error(`Secret ${namespace}/${name} is not declared`);
    return this.#issued.resolve(stored);
  }

  async #declared(): Promise<DeclaredSecrets> {
    const { ino, mtimeNs } = await stat(this.#path, { bigint: true });
    // Both: times can be coarse, and inode numbers come again.
    const file = `${ino} ${mtimeNs}`;
    if (this.#known?.file === file) return this.#known.secrets;
    // Asked by many at once, it reads once.
    const secrets = this.#read();
    this.#known = { file, secrets };
    secrets.catch(() => {
      this.#known = undefined;
    });
    return secrets;
  }

  async #read(): Promise<DeclaredSecrets> {
    const stored = await new ObjectStore(this.#path).read(['Secret']);
    const secrets = stored.map(toParsed).filter(isSecret);
    return new Map(secrets.map((parsed) => [keyOf(parsed), parsed] as const));
  }
}

function isSecret(parsed: ParsedObject): parsed is ParsedObject<Secret> {
  return parsed.object.kind === 'Secret';
}

function keyOf({ object: { metadata } }: ParsedObject): string {
  return `${metadata.namespace}/${metadata.name}`;
}
