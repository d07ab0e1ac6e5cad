/** Keys and certificates from files of any form that partners and authorities hand over. */
import { X509Certificate } from 'node:crypto';
import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { documentPieces, type Piece, TLS_SECRET_FILES } from './import-documents.ts';
import { pemBlocks } from './pem-blocks.ts';
import { faultIn, type SecretFault, SecretFaultError } from './secret-fault.ts';
import { readSecretFile } from './secret-files.ts';
import {
  type AskPassphrase,
  mustHavePassphrase,
  parseCertificates,
  parsePrivateKeys,
} from './secret-pem.ts';
import { type KeysAndCertificates, openPkcs12 } from './secret-pkcs12.ts';

export interface Imported extends KeysAndCertificates {
  /** Every file that was read. */
  readonly files: readonly string[];
  readonly faults: readonly SecretFault[];
}

const NOTHING: KeysAndCertificates = { certificates: [], keys: [] };
const FORMS = 'PEM, DER, PKCS#12, a TLS Secret of Kubernetes or an export of AWS';

/** `option`: that named the paths, each of a file or of the directory where a pod has a TLS Secret mounted. */
export async function readImports(
  paths: readonly string[],
  option: string,
  ask: AskPassphrase,
): Promise<Imported> {
  const faults: SecretFault[] = [];
  const certificates: X509Certificate[] = [];
  const keys: KeysAndCertificates['keys'][number][] = [];
  const files = [...new Set(paths.flatMap(filesAt))];
  for (const file of files) {
    try {
      const from = { path: [option], file };
      const { bytes, warnings } = readSecretFile(from, { baseDir: '.', secret: true });
      const found = await readFile({ bytes, from }, ask);
      certificates.push(...found.certificates);
      keys.push(...found.keys);
      // Certificates are nobody's secret.
      if (found.keys.length > 0) faults.push(...warnings);
    } catch (cause) {
      if (!(cause instanceof SecretFaultError)) throw cause;
      faults.push(cause.fault);
    }
  }
  return { certificates, keys, files, faults };
}

/** What is not there is told by who reads it. */
function filesAt(path: string): string[] {
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory() !== true) return [path];
  const { required, optional } = TLS_SECRET_FILES;
  const isThere = (name: string): boolean => existsSync(join(path, name));
  return [...required, ...optional.filter(isThere)].map((name) => join(path, name));
}

async function readFile(file: Piece, ask: AskPassphrase): Promise<KeysAndCertificates> {
  const found: KeysAndCertificates[] = [];
  for (const piece of documentPieces(file) ?? [file]) found.push(await readPiece(piece, ask));
  return {
    certificates: found.flatMap(({ certificates }) => certificates),
    keys: found.flatMap(({ keys }) => keys),
  };
}

async function readPiece(piece: Piece, ask: AskPassphrase): Promise<KeysAndCertificates> {
  const { bytes, from } = piece;
  const blocks = pemBlocks(bytes, from);
  if (blocks.length === 0) return readDer(piece, ask);
  const has = (end: string): boolean => blocks.some(({ label }) => label.endsWith(end));
  if (!has('CERTIFICATE') && !has('PRIVATE KEY'))
    throw new SecretFaultError(
      faultIn(
        from,
        'secret/malformed',
        'the file holds neither a certificate nor a private key',
        'leave it out, or name the file that does',
      ),
    );
  return {
    certificates: has('CERTIFICATE') ? parseCertificates(bytes, from) : [],
    keys: has('PRIVATE KEY') ? await parsePrivateKeys(bytes, from, ask) : [],
  };
}

/** DER does not name its form: each one is tried. */
async function readDer({ bytes, from }: Piece, ask: AskPassphrase): Promise<KeysAndCertificates> {
  const certificate = asCertificate(bytes);
  if (certificate !== undefined) return { ...NOTHING, certificates: [certificate] };
  try {
    return { ...NOTHING, keys: await parsePrivateKeys(bytes, from, ask) };
  } catch (cause) {
    if (!isFault(cause, 'secret/no-key')) throw cause;
  }
  try {
    return await openPkcs12(bytes, '', from, FORMS);
  } catch (cause) {
    if (!isFault(cause, 'secret/wrong-passphrase')) throw cause;
    return openPkcs12(bytes, await mustHavePassphrase(from, ask), from, FORMS);
  }
}

function asCertificate(der: Uint8Array): X509Certificate | undefined {
  try {
    return new X509Certificate(der);
  } catch {
    return undefined;
  }
}

function isFault(cause: unknown, code: SecretFault['code']): boolean {
  return cause instanceof SecretFaultError && cause.fault.code === code;
}
