/**
 * One secret from its files, with everything found wrong on the way. Both the facts for planning and
 * the material for the daemon come from here, so that they can never differ.
 */
import type { KeyObject, X509Certificate } from 'node:crypto';
import type { FieldPath } from '../model/parsed-object.ts';
import { PROBLEM_CODES } from '../model/problem-codes.ts';
import type { SecretSpec } from '../model/secret.ts';
import { certifiedKey } from './certified-key.ts';
import { bundleFaults } from './secret-bundle.ts';
import { chainFaults, weaknessFaults } from './secret-chain.ts';
import { type FileField, faultIn, type SecretFault, SecretFaultError } from './secret-fault.ts';
import { readSecretFile } from './secret-files.ts';
import { parseRevocationLists, type RevocationListContent } from './secret-lists.ts';
import { parseCertificates, parsePrivateKeys } from './secret-pem.ts';
import { type KeysAndCertificates, openPkcs12 } from './secret-pkcs12.ts';

/** Far above any key that is typed or generated, far below a wrong file. */
const LARGEST_PSK_BYTES = 1_024;
const LARGEST_PASSPHRASE_BYTES = 1_024;

export interface CertificateContent {
  readonly form: 'certificate';
  /** Leaf first, then further certificates of its chain. */
  readonly certificates: readonly X509Certificate[];
  readonly key: KeyObject;
  readonly authorities: readonly X509Certificate[];
}

export type SecretContent =
  | { readonly form: 'psk'; readonly psk: Uint8Array }
  | CertificateContent
  | {
      readonly form: 'authority';
      readonly authorities: readonly X509Certificate[];
      readonly revocationLists: readonly RevocationListContent[];
    };

export interface SecretReading {
  /** Absent: a fault makes the secret unusable. */
  readonly content?: SecretContent;
  readonly faults: readonly SecretFault[];
}

export async function readSecret(spec: SecretSpec, baseDir: string): Promise<SecretReading> {
  const faults: SecretFault[] = [];
  try {
    const content = await readForm(spec, { baseDir, faults });
    return content === undefined ? { faults } : { content, faults };
  } catch (cause) {
    if (cause instanceof SecretFaultError) return { faults: [...faults, cause.fault] };
    throw cause;
  }
}

interface Context {
  readonly baseDir: string;
  readonly faults: SecretFault[];
}

async function readForm(spec: SecretSpec, context: Context): Promise<SecretContent | undefined> {
  if (spec.psk !== undefined) return readPsk(spec.psk.file, context);
  if (spec.pem !== undefined) return readPem(spec.pem, context);
  if (spec.pkcs12 !== undefined) return readPkcs12(spec.pkcs12, context);
  if (spec.authority !== undefined) return readAuthority(spec.authority, context);
  return undefined;
}

function field(file: string, ...path: FieldPath): FileField {
  return { path: ['spec', ...path], file };
}

interface Wanted {
  readonly secret: boolean;
  readonly largestBytes?: number;
}

function read(from: FileField, context: Context, wanted: Wanted): Uint8Array {
  const { bytes, warnings } = readSecretFile(from, { baseDir: context.baseDir, ...wanted });
  context.faults.push(...warnings);
  return bytes;
}

function readPsk(file: string, context: Context): SecretContent {
  const from = field(file, 'psk', 'file');
  const bytes = read(from, context, { secret: true, largestBytes: LARGEST_PSK_BYTES });
  const psk = withoutNewline(bytes);
  if (psk.length === 0) {
    throw new SecretFaultError(
      faultIn(
        from,
        'secret/file-empty',
        'the file holds nothing but a newline',
        'put the key into it',
      ),
    );
  }
  if (psk.length < bytes.length) {
    context.faults.push(
      faultIn(
        from,
        'secret/trailing-newline',
        'the newline at the end is not taken as part of the key',
        'write the file without it (printf %s) to have no doubt',
      ),
    );
  }
  return { form: 'psk', psk };
}

/** Editors and `echo` end a file with one newline; only that one is taken away. */
function withoutNewline(bytes: Uint8Array): Uint8Array {
  if (bytes.at(-1) !== 0x0a) return bytes;
  return bytes.slice(0, bytes.at(-2) === 0x0d ? -2 : -1);
}

async function readPem(
  pem: NonNullable<SecretSpec['pem']>,
  context: Context,
): Promise<SecretContent | undefined> {
  const certificateField = field(pem.certificate, 'pem', 'certificate');
  const keyField = field(pem.key, 'pem', 'key');
  const certificates = await collect(context, () =>
    parseCertificates(read(certificateField, context, { secret: false }), certificateField),
  );
  const bytes = await collect(context, () => read(keyField, context, { secret: true }));
  const ask = await collect(context, () => {
    const passphrase = readPassphrase(pem.passphraseFile, 'pem', context);
    return () => Promise.resolve(passphrase);
  });
  const keys =
    bytes && ask && (await collect(context, () => parsePrivateKeys(bytes, keyField, ask)));
  const authorities = await readAll(pem.authorities, ['pem', 'authorities'], context);
  if (certificates === undefined || keys === undefined || authorities === undefined)
    return undefined;
  const found = certifiedKey({ certificates, keys });
  if (found === undefined) {
    context.faults.push(
      faultIn(
        keyField,
        'secret/key-mismatch',
        `the key belongs to no certificate of ${pem.certificate}`,
        'take the key that the certificate was requested with',
      ),
    );
    return undefined;
  }
  const { leaf, others, key } = found;
  return sound(
    { form: 'certificate', certificates: [leaf, ...others], key, authorities },
    certificateField,
    context.faults,
  );
}

/** Keeps going after a fault, so that all files of a secret are looked at. */
async function collect<T>({ faults }: Context, work: () => T | Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (cause) {
    if (!(cause instanceof SecretFaultError)) throw cause;
    faults.push(cause.fault);
    return undefined;
  }
}

async function readAll(
  files: readonly string[],
  path: FieldPath,
  context: Context,
): Promise<X509Certificate[] | undefined> {
  const all: X509Certificate[] = [];
  let complete = true;
  for (const [index, file] of files.entries()) {
    const from = field(file, ...path, index);
    const certificates = await collect(context, () =>
      parseCertificates(read(from, context, { secret: false }), from),
    );
    if (certificates === undefined) complete = false;
    else all.push(...certificates);
  }
  return complete ? all : undefined;
}

async function readAuthority(
  { files, revocationLists: listFiles }: NonNullable<SecretSpec['authority']>,
  context: Context,
): Promise<SecretContent | undefined> {
  const authorities = await readAll(files, ['authority', 'files'], context);
  if (authorities === undefined) return undefined;
  const revocationLists: RevocationListContent[] = [];
  let complete = true;
  for (const [index, file] of listFiles.entries()) {
    const from = field(file, 'authority', 'revocationLists', index);
    const lists = await collect(context, () =>
      parseRevocationLists(read(from, context, { secret: false }), authorities, from),
    );
    if (lists === undefined) complete = false;
    else revocationLists.push(...lists);
  }
  return complete ? { form: 'authority', authorities, revocationLists } : undefined;
}

async function readPkcs12(
  pkcs12: NonNullable<SecretSpec['pkcs12']>,
  context: Context,
): Promise<SecretContent | undefined> {
  const from = field(pkcs12.file, 'pkcs12', 'file');
  const bytes = read(from, context, { secret: true });
  const passphrase = readPassphrase(pkcs12.passphraseFile, 'pkcs12', context) ?? '';
  return assemble(await openPkcs12(bytes, passphrase, from), from, context.faults);
}

/** What belongs together of all that was found; undefined where a fault forbids its use. */
export function assemble(
  parts: KeysAndCertificates,
  from: FileField,
  faults: SecretFault[],
): CertificateContent | undefined {
  const hint = 'give the certificate together with its own key';
  const found = certifiedKey(parts);
  if (found === undefined) {
    const { certificates, keys } = parts;
    faults.push(
      ...(certificates.length === 0
        ? [faultIn(from, 'secret/no-certificate', 'there is no certificate', hint)]
        : []),
      ...(keys.length === 0
        ? [faultIn(from, 'secret/no-key', 'there is no private key', hint)]
        : []),
      ...(certificates.length > 0 && keys.length > 0
        ? [faultIn(from, 'secret/key-mismatch', 'no key belongs to a certificate', hint)]
        : []),
    );
    return undefined;
  }
  const { leaf, others, key } = found;
  const content = {
    form: 'certificate',
    certificates: [leaf, ...others.filter(({ ca }) => !ca)],
    key,
    authorities: others.filter(({ ca }) => ca),
  } as const;
  return sound(content, from, faults);
}

/** Undefined where no peer could take the certificate. */
function sound(
  content: CertificateContent,
  from: FileField,
  faults: SecretFault[],
): CertificateContent | undefined {
  const { certificates, authorities } = content;
  const [leaf, ...chain] = certificates;
  const found = [
    ...chainFaults(certificates, authorities, from),
    ...(leaf === undefined ? [] : bundleFaults(leaf, [...chain, ...authorities], from)),
  ];
  faults.push(...found, ...weaknessFaults(certificates, from));
  return found.some(({ code }) => PROBLEM_CODES[code].severity === 'error') ? undefined : content;
}

function readPassphrase(
  file: string | undefined,
  form: 'pem' | 'pkcs12',
  context: Context,
): string | undefined {
  if (file === undefined) return undefined;
  const from = field(file, form, 'passphraseFile');
  const largestBytes = LARGEST_PASSPHRASE_BYTES;
  const bytes = read(from, context, { secret: true, largestBytes });
  return Buffer.from(withoutNewline(bytes)).toString('utf8');
}
