/**
 * Authorities on disk, a directory each: `authority.json` (what it has issued), `chain.pem` (its certificate, then
 * those above it), `key.pem` (under its
 * passphrase; absent where a token holds the key), `NAME.crl` (its list, to be published).
 */
import { KeyObject } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { z } from 'zod';
import { errorCode } from '../lib/error-code.ts';
import type { Authority } from '../pki/authority.ts';
import { decryptKey, encryptKey, KeyNotOpenedError } from '../pki/encrypted-key.ts';
import { keyAlgorithmOf } from '../pki/keys.ts';
import { certificatesToPem, fromPem } from '../pki/pem.ts';
import { AuthorityRecord, type IssuedCertificate } from '../pki/record.ts';
import type { SigningKey } from '../pki/signing-key.ts';
import { X509Certificate, X509Crl } from '../pki/x509.ts';
import { readJsonFile, removeUnfinished, writeFileAtomic } from '../platform/atomic-file.ts';
import { openTokenKey } from '../platform/token-key.ts';
import { takeLock } from './lock.ts';

const LOCK_MILLISECONDS = 10_000;
const RECORD = 'authority.json';

/** What is stored of one, but for its key. */
export interface StoredAuthority {
  readonly record: AuthorityRecord;
  /** Its own first, its root last. */
  readonly chain: readonly X509Certificate[];
}

/** With its key. */
export interface OpenedAuthority extends StoredAuthority {
  readonly authority: Authority;
}

export class UnknownAuthorityError extends Error {
  constructor(name: string, known: readonly string[]) {
    super(`there is no authority ${name}; there are: ${known.join(', ') || 'none'}`);
    this.name = 'UnknownAuthorityError';
  }
}

export class AuthorityStore {
  readonly #directory: string;

  constructor(directory: string) {
    this.#directory = directory;
  }

  async names(): Promise<string[]> {
    try {
      const found = await readdir(this.#directory, { recursive: true });
      return found.flatMap((path) => (basename(path) === RECORD ? [dirname(path)] : [])).sort();
    } catch (error) {
      if (errorCode(error) === 'ENOENT') return [];
      throw error;
    }
  }

  /** Throws {@link UnknownAuthorityError}, and what says that its files are damaged. */
  async read(name: string): Promise<StoredAuthority> {
    const path = this.#path(name, RECORD);
    const value = await readJsonFile(path);
    if (value === undefined) throw new UnknownAuthorityError(name, await this.names());
    const parsed = AuthorityRecord.safeParse(value);
    if (!parsed.success)
      throw new Error(
        `${path} is damaged (${z.prettifyError(parsed.error)}): put back a copy of it`,
      );
    const pem = await readFile(this.#path(name, 'chain.pem'), 'utf8');
    const chain = fromPem('CERTIFICATE', pem).map((der) => new X509Certificate(der));
    return { record: parsed.data, chain };
  }

  /** With its key. Throws as `read`, where its parent has revoked it, and where passphrase or PIN are wrong. */
  async open(name: string, passphrase: string): Promise<OpenedAuthority> {
    const stored = await this.read(name);
    const certificate = ownOf(stored);
    const revoked = await this.revocationOf(stored);
    if (revoked !== undefined)
      throw new Error(`authority ${name} is revoked since ${revoked.at}: certify with another one`);
    const { keyType, token } = stored.record;
    const key = await (token === undefined
      ? this.#openKey(stored.record, passphrase)
      : openTokenKey(token, passphrase, { keyType, publicKey: certificate.publicKey.rawData }));
    return { ...stored, authority: { certificate, keyType, key } };
  }

  /** What its parent says of it. */
  async revocationOf({
    record: { parent },
    chain,
  }: StoredAuthority): Promise<IssuedCertificate['revoked']> {
    if (parent === undefined) return undefined;
    const { issued } = (await this.read(parent)).record;
    return issued.find(({ serial }) => serial === chain[0]?.serialNumber)?.revoked;
  }

  /** The record comes last: without it there is no authority. */
  async create(
    { record, chain }: StoredAuthority,
    { key }: Authority,
    passphrase: string,
  ): Promise<void> {
    const { name } = record;
    if (!('sign' in key))
      await writeFileAtomic(
        this.#path(name, 'key.pem'),
        await encryptKey(KeyObject.from(key), passphrase),
      );
    await writeFileAtomic(this.#path(name, 'chain.pem'), certificatesToPem(chain));
    await this.write(record);
  }

  async write(record: AuthorityRecord): Promise<void> {
    const text = `${JSON.stringify(record, undefined, 1)}\n`;
    await writeFileAtomic(this.#path(record.name, RECORD), text);
  }

  /** The last one; undefined where there is none that can be read: the next one takes its place. */
  async readCrl(name: string): Promise<X509Crl | undefined> {
    try {
      return new X509Crl(await readFile(this.#path(name, `${name}.crl`)));
    } catch {
      return undefined;
    }
  }

  /** In DER, as it is to be fetched (RFC 5280 §4.2.1.13); returns its path. */
  async writeCrl(name: string, der: ArrayBuffer): Promise<string> {
    const path = this.#path(name, `${name}.crl`);
    await writeFileAtomic(path, new Uint8Array(der));
    return path;
  }

  /** Of two commands at once, the second sees what the first has written; what a killed one left is removed. */
  async locked<T>(use: () => Promise<T>): Promise<T> {
    const lock = await takeLock(
      join(this.#directory, '.lock'),
      `pid ${process.pid}`,
      LOCK_MILLISECONDS,
    );
    try {
      const entries = await readdir(this.#directory, { withFileTypes: true });
      for (const entry of entries)
        if (entry.isDirectory()) await removeUnfinished(join(this.#directory, entry.name));
      return await use();
    } finally {
      await lock.release();
    }
  }

  async #openKey({ name, keyType }: AuthorityRecord, passphrase: string): Promise<SigningKey> {
    const pem = await readFile(this.#path(name, 'key.pem'), 'utf8');
    return openKey(name, pem, passphrase).toCryptoKey(keyAlgorithmOf(keyType), true, ['sign']);
  }

  #path(name: string, file: string): string {
    return join(this.#directory, name, file);
  }
}

/** Its own certificate. */
export function ownOf({ record, chain: [own] }: StoredAuthority): X509Certificate {
  if (own === undefined) throw new Error(`authority ${record.name} has no certificate`);
  return own;
}

function openKey(name: string, pem: string, passphrase: string): KeyObject {
  try {
    return decryptKey(pem, passphrase);
  } catch (error) {
    if (!(error instanceof KeyNotOpenedError)) throw error;
    throw new Error(`authority ${name}: ${error.message}`, { cause: error });
  }
}
