/**
 * One secret from its files, with everything found wrong on the way. Both the facts for planning and
 * the material for the daemon come from here, so that they can never differ.
 */
import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import type { FieldPath } from '../model/parsed-object.ts';
import { PROBLEM_CODES } from '../model/problem-codes.ts';
import type { SecretSpec } from '../model/secret.ts';
import { chainFaults, weaknessFaults } from './secret-chain.ts';
import { type FileField, faultIn, type SecretFault, SecretFaultError } from './secret-fault.ts';
import { readSecretFile } from './secret-files.ts';
import { parseCertificates, parsePrivateKey } from './secret-pem.ts';

/** Far above any key that is typed or generated, far below a wrong file. */
const LARGEST_PSK_BYTES = 1_024;
const LARGEST_PASSPHRASE_BYTES = 1_024;

export type SecretContent =
  | { readonly form: 'psk'; readonly psk: Uint8Array }
  | {
      readonly form: 'certificate';
      /** Leaf first, then further certificates of its chain. */
      readonly certificates: readonly X509Certificate[];
      readonly key: KeyObject;
      readonly authorities: readonly X509Certificate[];
    }
  | { readonly form: 'authority'; readonly authorities: readonly X509Certificate[] };

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
  if (spec.authority !== undefined) return readAuthority(spec.authority.files, context);
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

function readPem(pem: NonNullable<SecretSpec['pem']>, context: Context): SecretContent | undefined {
  const certificateField = field(pem.certificate, 'pem', 'certificate');
  const keyField = field(pem.key, 'pem', 'key');
  const certificates = collect(context, () =>
    parseCertificates(read(certificateField, context, { secret: false }), certificateField),
  );
  const key = collect(context, () =>
    parsePrivateKey(read(keyField, context, { secret: true }), keyField),
  );
  const authorities = readAll(pem.authorities, ['pem', 'authorities'], context);
  const leaf = certificates?.[0];
  if (certificates === undefined || leaf === undefined || key === undefined) return undefined;
  if (authorities === undefined) return undefined;
  if (!leaf.checkPrivateKey(key)) {
    context.faults.push(
      faultIn(
        keyField,
        'secret/key-mismatch',
        `the key does not belong to the first certificate of ${pem.certificate}`,
        'take the key that the certificate was requested with, and put the leaf first',
      ),
    );
    return undefined;
  }
  return sound({ form: 'certificate', certificates, key, authorities }, certificateField, context);
}

/** Keeps going after a fault, so that all files of a secret are looked at. */
function collect<T>(context: Context, work: () => T): T | undefined {
  try {
    return work();
  } catch (cause) {
    if (!(cause instanceof SecretFaultError)) throw cause;
    context.faults.push(cause.fault);
    return undefined;
  }
}

function readAll(
  files: readonly string[],
  path: FieldPath,
  context: Context,
): X509Certificate[] | undefined {
  const all: X509Certificate[] = [];
  let complete = true;
  for (const [index, file] of files.entries()) {
    const from = field(file, ...path, index);
    const certificates = collect(context, () =>
      parseCertificates(read(from, context, { secret: false }), from),
    );
    if (certificates === undefined) complete = false;
    else all.push(...certificates);
  }
  return complete ? all : undefined;
}

function readAuthority(files: readonly string[], context: Context): SecretContent | undefined {
  const authorities = readAll(files, ['authority', 'files'], context);
  return authorities === undefined ? undefined : { form: 'authority', authorities };
}

const PKCS12_FAULTS = {
  malformed: ['secret/malformed', 'give a .p12 or .pfx file'],
  unsupported: ['secret/malformed', 'write the file again with openssl pkcs12 -export'],
  'wrong-passphrase': ['secret/wrong-passphrase', 'check passphraseFile'],
  'too-many-iterations': ['secret/too-many-iterations', 'write the file again with fewer rounds'],
} as const;

async function readPkcs12(
  pkcs12: NonNullable<SecretSpec['pkcs12']>,
  context: Context,
): Promise<SecretContent | undefined> {
  const from = field(pkcs12.file, 'pkcs12', 'file');
  const bytes = read(from, context, { secret: true });
  const passphrase = readPassphrase(pkcs12.passphraseFile, context);
  // Its libraries are a third of what a command has to load, and few have such a file.
  const { parsePkcs12 } = await import('./pkcs12.ts');
  const parsed = await parsePkcs12(bytes, passphrase);
  if (!parsed.ok) {
    const [code, hint] = PKCS12_FAULTS[parsed.reason];
    throw new SecretFaultError(faultIn(from, code, parsed.message, hint));
  }
  const certificates = parsed.content.certificates.map((der) => toCertificate(der, from));
  const keys = parsed.content.keys.map((der) => toKey(der, from));
  if (certificates.length === 0) {
    const hint = 'export the certificate together with its key';
    throw new SecretFaultError(
      faultIn(from, 'secret/no-certificate', 'the file holds no certificate', hint),
    );
  }
  if (keys.length === 0) {
    const hint = 'export the certificate together with its key';
    throw new SecretFaultError(
      faultIn(from, 'secret/no-key', 'the file holds no private key', hint),
    );
  }
  for (const leaf of certificates) {
    const key = keys.find((candidate) => leaf.checkPrivateKey(candidate));
    if (key === undefined) continue;
    const others = certificates.filter((certificate) => certificate !== leaf);
    const content = {
      form: 'certificate',
      certificates: [leaf, ...others.filter(({ ca }) => !ca)],
      key,
      authorities: others.filter(({ ca }) => ca),
    } as const;
    return sound(content, from, context);
  }
  const hint = 'export the certificate together with its own key';
  throw new SecretFaultError(
    faultIn(from, 'secret/key-mismatch', 'no key of the file belongs to a certificate of it', hint),
  );
}

/** Undefined where no peer could take the certificate. */
function sound(
  content: Extract<SecretContent, { form: 'certificate' }>,
  from: FileField,
  { faults }: Context,
): SecretContent | undefined {
  const found = chainFaults(content.certificates, content.authorities, from);
  faults.push(...found, ...weaknessFaults(content.certificates, from));
  return found.some(({ code }) => PROBLEM_CODES[code].severity === 'error') ? undefined : content;
}

function readPassphrase(file: string | undefined, context: Context): string {
  if (file === undefined) return '';
  const from = field(file, 'pkcs12', 'passphraseFile');
  const largestBytes = LARGEST_PASSPHRASE_BYTES;
  const bytes = read(from, context, { secret: true, largestBytes });
  return Buffer.from(withoutNewline(bytes)).toString('utf8');
}

function toCertificate(der: Uint8Array, from: FileField): X509Certificate {
  try {
    return new X509Certificate(der);
  } catch {
    const hint = 'write the file again with openssl pkcs12 -export';
    throw new SecretFaultError(
      faultIn(from, 'secret/malformed', 'a certificate in the file cannot be read', hint),
    );
  }
}

function toKey(der: Uint8Array, from: FileField): KeyObject {
  try {
    return createPrivateKey({ key: Buffer.from(der), format: 'der', type: 'pkcs8' });
  } catch {
    const hint = 'write the file again with openssl pkcs12 -export';
    throw new SecretFaultError(
      faultIn(from, 'secret/malformed', 'a key in the file cannot be read', hint),
    );
  }
}
