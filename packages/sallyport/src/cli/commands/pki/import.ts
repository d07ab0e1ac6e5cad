import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { resolve } from 'node:path';
import { messageOf } from '../../../lib/message-of.ts';
import type { Problem } from '../../../lib/problem.ts';
import type { SecretFacts } from '../../../model/facts.ts';
import { API_VERSION } from '../../../model/fields.ts';
import { makeProblem } from '../../../model/problem-at.ts';
import type { Secret } from '../../../model/secret.ts';
import { validateObjects } from '../../../model/validate.ts';
import { certificateFacts } from '../../../platform/certificate-facts.ts';
import { type Imported, readImports } from '../../../platform/import-sources.ts';
import { faultIn, type SecretFault } from '../../../platform/secret-fault.ts';
import { assemble, type CertificateContent } from '../../../platform/secret-reading.ts';
import { shredFile } from '../../../platform/shred.ts';
import { reportProblems } from '../../declarations.ts';
import { EXIT, type Io, UsageError } from '../../io.ts';
import { mustBeName, readPassphrase } from './input.ts';
import { writeNewFiles } from './output.ts';

interface ImportOptions {
  readonly from: string[];
  readonly passphraseFile?: string;
  readonly shred?: boolean;
  readonly out: string;
}

export async function run(
  [name = '']: readonly string[],
  options: ImportOptions,
  io: Io,
): Promise<number> {
  mustBeName(name);
  const imported = await readImports(options.from, '--from', passphraseOf(options, io));
  const { content, faults } = contentOf(imported, options.from.join(', '));
  const problems = faults.map(({ path, code, details }) => makeProblem(code, { path }, details));
  const judged = content === undefined ? [] : await judge(name, content);
  if (reportProblems([...problems, ...judged], io) || content === undefined) return EXIT.failed;
  if (options.shred === true) await mustBeWritable(imported.files);
  const paths = await write(name, content, options.out);
  io.stdout(
    await declarationOf(
      name,
      paths.map((path) => resolve(path)),
    ),
  );
  io.stderr(`${describe(content)}: ${paths.join(', ')}\n`);
  return options.shred === true ? shred(imported.files, io) : EXIT.ok;
}

/** Asked for once, and only where something is encrypted. */
function passphraseOf(
  { passphraseFile }: ImportOptions,
  io: Io,
): () => Promise<string | undefined> {
  let asked: Promise<string> | undefined;
  return async () => {
    if (passphraseFile === undefined && io.askHidden === undefined) return undefined;
    asked ??= readPassphrase(passphraseFile, io, { of: 'what is imported', isForeign: true });
    return asked;
  };
}

function contentOf(
  imported: Imported,
  sources: string,
): { readonly content?: CertificateContent | undefined; readonly faults: readonly SecretFault[] } {
  const faults = [...imported.faults];
  // What could not be read may be just what would be missed.
  if (imported.faults.some(({ code }) => code !== 'secret/world-readable')) return { faults };
  const from = { path: ['--from'], file: sources };
  const content = assemble(imported, from, faults);
  if (content === undefined || imported.keys.every((key) => key.equals(content.key)))
    return { content, faults };
  faults.push(
    faultIn(
      from,
      'secret/key-mismatch',
      'there is another private key, which would not be imported',
      'give the key of the certificate and no other',
    ),
  );
  return { faults };
}

/** As validation will, when a Connection uses it. */
async function judge(name: string, content: CertificateContent): Promise<readonly Problem[]> {
  const { certificateDetails } = await import('../../../platform/certificate-details.ts');
  const metadata = { name, namespace: 'default' };
  const spec = { pem: { certificate: `${name}.crt`, key: `${name}.key`, authorities: [] } };
  const object: Secret = { apiVersion: API_VERSION, kind: 'Secret', metadata, spec };
  const certificates = [...content.certificates, ...content.authorities].map((one) => ({
    ...certificateFacts(one),
    ...certificateDetails(one),
  }));
  const facts: SecretFacts = {
    ...{ ...metadata, form: 'certificate', fingerprint: '' },
    ...{ certificates, problems: [], revocationLists: [] },
  };
  const parsed = { object, file: '', positions: new Map<string, never>() };
  const world = { hosts: [], secrets: [facts], now: new Date().toISOString() };
  return validateObjects([parsed], world).problems;
}

/** Throws {@link UsageError}. */
async function mustBeWritable(files: readonly string[]): Promise<void> {
  for (const file of files) {
    await access(file, constants.W_OK).catch((error: unknown) => {
      throw new UsageError(`--shred: ${messageOf(error)}; nothing was imported`);
    });
  }
}

/** Certificate, key, and authorities where there are any. */
async function write(
  name: string,
  { certificates, key, authorities }: CertificateContent,
  directory: string,
): Promise<string[]> {
  const bundle = authorities.map(String).join('');
  return writeNewFiles(directory, [
    [`${name}.crt`, certificates.map(String).join('')],
    [`${name}.key`, key.export({ format: 'pem', type: 'pkcs8' })],
    ...(bundle === '' ? [] : [[`${name}-ca.crt`, bundle] as const]),
  ]);
}

async function declarationOf(
  name: string,
  [certificate = '', key = '', ...authorities]: readonly string[],
): Promise<string> {
  return (await import('yaml')).stringify({
    ...{ apiVersion: API_VERSION, kind: 'Secret', metadata: { name } },
    spec: { pem: { certificate, key, ...(authorities.length === 0 ? {} : { authorities }) } },
  });
}

function describe({ certificates: [leaf] }: CertificateContent): string {
  if (leaf === undefined) return '';
  const { subject, altNames, notAfter } = certificateFacts(leaf);
  const names = [subject, ...altNames].filter((one) => one !== '').join(', ');
  return `imported ${names}, valid until ${notAfter}`;
}

async function shred(files: readonly string[], io: Io): Promise<number> {
  let code: number = EXIT.ok;
  for (const file of files) {
    try {
      await shredFile(file);
    } catch (error) {
      code = EXIT.failed;
      io.stderr(`imported, but ${file} is still there: ${messageOf(error)}\n`);
    }
  }
  return code;
}
