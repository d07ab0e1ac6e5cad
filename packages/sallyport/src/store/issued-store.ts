/**
 * Certificates issued for Secrets of this host, a directory each: `state.json` (which one is in use), a directory for
 * each certificate with its key, and `trusted.pem` (the authorities that are trusted beside it). `state.json` is what
 * counts: a directory that it does not name is what a killed process left, or of no use any more.
 */
import { mkdir, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { errorCode } from '../lib/error-code.ts';
import type { Metadata } from '../model/fields.ts';
import { KEY_TYPES, type KeyType } from '../model/key-type.ts';
import type { ParsedObject } from '../model/parsed-object.ts';
import { type IssuedSpec, issuedNames, type Secret } from '../model/secret.ts';
import { readJsonFile, removeUnfinished, writeFileAtomic } from '../platform/atomic-file.ts';

export interface IssuedVersion {
  /** Lower-case hex; also the name of its directory. */
  readonly serial: string;
  /** That has certified it, by its name in the store of authorities. */
  readonly authority: string;
  readonly subject: string;
  /** As in facts. */
  readonly altNames: readonly string[];
  readonly keyType: KeyType;
  /** RFC 3339. */
  readonly notBefore: string;
  readonly notAfter: string;
  /** Lower-case hex SHA-256 of the DER. */
  readonly fingerprint: string;
}

export interface IssuedState {
  readonly format: 'sallyport.dev/issued/v1alpha1';
  readonly proven: IssuedVersion;
  readonly candidate?: {
    readonly certificate: IssuedVersion;
    readonly isInUse: boolean;
    /** RFC 3339: since when it is used, or when it was given up. */
    readonly since: string;
    readonly failures: number;
    /** Why it was given up last. */
    readonly reason?: string;
    /** Tunnels that were up when it was taken into use. */
    readonly wereUp: readonly string[];
  };
}

const Version: z.ZodType<IssuedVersion> = z.strictObject({
  serial: z.string().regex(/^[0-9a-f]+$/),
  authority: z.string(),
  subject: z.string(),
  altNames: z.array(z.string()),
  keyType: z.enum(KEY_TYPES),
  notBefore: z.iso.datetime(),
  notAfter: z.iso.datetime(),
  fingerprint: z.string(),
});

const State: z.ZodType<IssuedState> = z.strictObject({
  format: z.literal('sallyport.dev/issued/v1alpha1'),
  proven: Version,
  candidate: z
    .strictObject({
      certificate: Version,
      isInUse: z.boolean(),
      since: z.iso.datetime(),
      failures: z.int().min(0),
      reason: z.string().exactOptional(),
      wereUp: z.array(z.string()),
    })
    .exactOptional(),
});

export function inUse({ proven, candidate }: IssuedState): IssuedVersion {
  return candidate?.isInUse === true ? candidate.certificate : proven;
}

/** Whether its names and its key are what the declaration asks for. */
export function isAsDeclared(
  version: IssuedVersion,
  spec: IssuedSpec,
  metadata: { readonly name: string },
): boolean {
  const { subject, altNames } = issuedNames(spec, metadata);
  return (
    version.subject === subject &&
    version.altNames.join() === altNames.join() &&
    version.keyType === spec.keyType
  );
}

const STATE = 'state.json';
const TRUSTED = 'trusted.pem';

export type SecretName = Pick<Metadata, 'namespace' | 'name'>;

export class IssuedStore {
  readonly #directory: string;

  constructor(directory: string) {
    this.#directory = directory;
  }

  /** Undefined where nothing was issued yet. Throws what says that it is damaged. */
  async read(secret: SecretName): Promise<IssuedState | undefined> {
    const path = this.#path(secret, STATE);
    const value = await readJsonFile(path);
    if (value === undefined) return undefined;
    const parsed = State.safeParse(value);
    if (parsed.success) return parsed.data;
    throw new Error(
      `${path} is damaged (${z.prettifyError(parsed.error)}): put back a copy of it, or remove its directory to have the certificate issued anew`,
    );
  }

  /** What it says is in force; certificates that it does not name are removed with their keys. */
  async write(secret: SecretName, state: IssuedState): Promise<void> {
    await writeFileAtomic(this.#path(secret, STATE), `${JSON.stringify(state, undefined, 1)}\n`);
    await this.#removeUnnamed(secret, state);
  }

  /** Of no effect before `write` names it. */
  async add(
    secret: SecretName,
    serial: string,
    { certificate, key }: { readonly certificate: string; readonly key: string },
  ): Promise<void> {
    const unfinished = this.#path(secret, `${serial}.new`);
    await mkdir(unfinished, { recursive: true, mode: 0o700 });
    await writeFileAtomic(join(unfinished, 'certificate.pem'), certificate);
    await writeFileAtomic(join(unfinished, 'key.pem'), key);
    await rename(unfinished, this.#path(secret, serial));
  }

  /** PEM. */
  async writeTrusted(secret: SecretName, trusted: string): Promise<void> {
    const path = this.#path(secret, TRUSTED);
    const before = await readFile(path, 'utf8').catch(() => undefined);
    if (before !== trusted) await writeFileAtomic(path, trusted);
  }

  async isEmpty(): Promise<boolean> {
    return (await this.#names()).length === 0;
  }

  /** Removes the keys and certificates of all other Secrets, and what killed processes have left of these. */
  async keepOnly(secrets: readonly SecretName[]): Promise<void> {
    const kept = new Set(secrets.map((secret) => this.#path(secret)));
    for (const name of await this.#names()) {
      if (!kept.has(this.#path(name))) await rm(this.#path(name), { recursive: true });
      else await this.#removeUnnamed(name, await this.read(name));
    }
  }

  async #removeUnnamed(secret: SecretName, state: IssuedState | undefined): Promise<void> {
    const named = [state?.proven.serial, state?.candidate?.certificate.serial];
    for (const entry of await readdir(this.#path(secret), { withFileTypes: true }))
      if (entry.isDirectory() && !named.includes(entry.name))
        await rm(this.#path(secret, entry.name), { recursive: true });
    await removeUnfinished(this.#path(secret));
  }

  async #names(): Promise<SecretName[]> {
    const found: SecretName[] = [];
    for (const namespace of await namesIn(this.#directory))
      for (const name of await namesIn(join(this.#directory, namespace)))
        found.push({ namespace, name });
    return found;
  }

  /** With the files of what is in use in the place of `issued`, where there are some. */
  async resolve(secret: ParsedObject<Secret>): Promise<ParsedObject<Secret>> {
    const { object } = secret;
    const state = object.spec.issued === undefined ? undefined : await this.read(object.metadata);
    if (state === undefined) return secret;
    const { serial } = inUse(state);
    const file = (name: string): string => this.#path(object.metadata, serial, name);
    const pem = {
      ...{ certificate: file('certificate.pem'), key: file('key.pem') },
      authorities: [this.#path(object.metadata, TRUSTED)],
    };
    return { ...secret, object: { ...object, spec: { pem } } };
  }

  /** As `resolve`, of all Secrets among the objects. */
  async resolveAll(objects: readonly ParsedObject[]): Promise<ParsedObject[]> {
    return Promise.all(
      objects.map(async (parsed) => {
        const { object, ...place } = parsed;
        return object.kind === 'Secret' ? this.resolve({ object, ...place }) : parsed;
      }),
    );
  }

  #path({ namespace, name }: SecretName, ...below: readonly string[]): string {
    return join(this.#directory, namespace, name, ...below);
  }
}

/** None where there is no such directory. */
async function namesIn(directory: string): Promise<string[]> {
  try {
    return await readdir(directory);
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return [];
    throw error;
  }
}
