/** What people give to the commands of the PKI: passphrases and names, all faults of them at once. */
import { SHORTEST_PASSPHRASE } from '../../../issuing/passphrase-file.ts';
import { messageOf } from '../../../lib/message-of.ts';
import { printable } from '../../../lib/printable.ts';
import type { Problem } from '../../../lib/problem.ts';
import {
  type NameFault,
  type Read,
  readAltName,
  readDistinguishedName,
} from '../../../model/certificate-names.ts';
import { Name } from '../../../model/fields.ts';
import { readTokenUri, type TokenKeyPlace } from '../../../model/token-key.ts';
import type { JsonGeneralName, JsonName } from '../../../pki/x509.ts';
import { readSecretFile } from '../../../platform/secret-files.ts';
import { reportProblems } from '../../declarations.ts';
import { type Io, UsageError } from '../../io.ts';

const LARGEST_PASSPHRASE_BYTES = 1_024;

export interface PassphraseUse {
  /** What it opens, for the person who is asked. */
  readonly of: string;
  /** That names its file. */
  readonly option?: string;
  /** It is chosen now: a slip of the finger must not go unseen. */
  readonly isNew?: boolean;
  /** Somebody else has chosen it: it is as long as it is. */
  readonly isForeign?: boolean;
}

/**
 * From the file at `path`, without the newline that editors put at its end, or from the person at the terminal. Throws
 * {@link UsageError}.
 */
export async function readPassphrase(
  path: string | undefined,
  io: Io,
  use: PassphraseUse,
): Promise<string> {
  const { option = '--passphrase-file', isForeign = false } = use;
  const passphrase = await (path === undefined
    ? askPassphrase(io, option, use)
    : readPassphraseFile(path, io, option));
  if (!isForeign && passphrase.length < SHORTEST_PASSPHRASE)
    throw new UsageError(
      `${path === undefined ? use.of : `${option} ${path}`}: the passphrase has fewer than ${SHORTEST_PASSPHRASE} characters: use a longer one`,
    );
  return passphrase;
}

async function askPassphrase(
  io: Io,
  option: string,
  { of, isNew = false }: PassphraseUse,
): Promise<string> {
  if (io.askHidden === undefined)
    throw new UsageError(
      `required option '${option} <path>' not specified: there is no terminal to ask on`,
    );
  const passphrase = await io.askHidden(`${isNew ? 'new ' : ''}passphrase of ${of}: `);
  if (isNew && (await io.askHidden('once more: ')) !== passphrase)
    throw new UsageError(`${of}: the two passphrases are not the same`);
  return passphrase;
}

async function readPassphraseFile(path: string, io: Io, option: string): Promise<string> {
  const text = path === '-' ? await io.readInput() : readFileText(path, io, option);
  return text.replace(/\r?\n$/, '');
}

function readFileText(path: string, io: Io, option: string): string {
  try {
    const { bytes, warnings } = readSecretFile(
      { path: [option], file: path },
      { baseDir: '.', secret: true, largestBytes: LARGEST_PASSPHRASE_BYTES },
    );
    for (const { details } of warnings) io.stderr(`warning: ${path}: ${details.message}\n`);
    return Buffer.from(bytes).toString('utf8');
  } catch (error) {
    throw new UsageError(`${option} ${path}: ${messageOf(error)}`);
  }
}

/** Of files and directories. Throws {@link UsageError}. */
export function mustBeName(name: string): void {
  if (!Name.safeParse(name).success)
    throw new UsageError(
      `"${printable(name)}" is not a name: use lower-case letters, digits and hyphens`,
    );
}

/** Collects what is wrong with the names of one command. */
export class Names {
  readonly #problems: Problem[] = [];

  subject(option: string, text: string): JsonName {
    return this.#take(option, readDistinguishedName(text)) ?? [];
  }

  /** For constraints: a domain stands for itself and for all that is below it. */
  domains(option: string, texts: readonly string[]): string[] {
    return this.altNames(option, texts).flatMap(({ type, value }) => {
      if (type === 'dns' && !value.startsWith('*')) return [value];
      this.add(option, { value, message: 'it is no DNS domain', hint: 'for example: example.org' });
      return [];
    });
  }

  altNames(option: string, texts: readonly string[]): JsonGeneralName[] {
    return texts.flatMap((text) => this.#take(option, readAltName(text)) ?? []);
  }

  add(place: string, { message, value, hint }: NameFault): void {
    const shown = value === '' ? {} : { value: printable(value) };
    this.#problems.push({
      ...{ code: 'pki/name', severity: 'error', path: place, message, hint, ...shown },
    });
  }

  /** `name`: of the key, where the URI names none. */
  token(option: string, uri: string, name: string): TokenKeyPlace | undefined {
    return this.#take(option, readTokenUri(uri, name));
  }

  /** Prints all of it; true where there is anything. */
  report(io: Io): boolean {
    return reportProblems(this.#problems, io);
  }

  #take<T>(option: string, read: Read<T>): T | undefined {
    if (read.fault !== undefined) this.add(option, read.fault);
    return read.value;
  }
}
