import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { messageOf } from '../../../lib/message-of.ts';
import { makeProblem } from '../../../model/problem-at.ts';
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
  if (reportProblems(problems, io) || content === undefined) return EXIT.failed;
  if (options.shred === true) await mustBeWritable(imported.files);
  const paths = await write(name, content, options.out);
  io.stdout(await declarationOf(name, paths));
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
    ...{ apiVersion: 'sallyport.dev/v1alpha1', kind: 'Secret', metadata: { name } },
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
