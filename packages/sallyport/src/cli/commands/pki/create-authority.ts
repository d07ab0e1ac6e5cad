import { makeAuthority } from '../../../issuing/make-authority.ts';
import type { KeyType } from '../../../model/key-type.ts';
import type { AuthorityStore } from '../../../store/authority-store.ts';
import { EXIT, type Io, UsageError } from '../../io.ts';
import { authoritiesOf, pinOf, readPassphraseOf } from './authorities.ts';
import { mustBeName, Names, readPassphrase } from './input.ts';

interface CreateOptions {
  readonly subject: string;
  readonly passphraseFile?: string;
  readonly token?: string;
  readonly parent?: string;
  readonly parentPassphraseFile?: string;
  readonly keyType: KeyType;
  readonly days: number;
  readonly pathLength?: string;
  readonly permit?: string[];
  readonly crlUrl?: string[];
  readonly crlDays: number;
}

export async function run(
  [name = '']: readonly string[],
  options: CreateOptions,
  io: Io,
): Promise<number> {
  mustBeName(name);
  const names = new Names();
  const subject = names.subject('--subject', options.subject);
  const permitted = names.domains('--permit', options.permit ?? []);
  const token =
    options.token === undefined ? undefined : names.token('--token', options.token, name);
  const crlUrls = mustBeUrls(options.crlUrl ?? []);
  const pathLength = toPathLength(options.pathLength);
  if (names.report(io)) return EXIT.failed;
  const passphrase = await readPassphrase(options.passphraseFile, io, {
    ...(token === undefined ? { of: `authority ${name}`, isNew: true } : pinOf(token)),
  });
  const store = authoritiesOf(io);
  const parentPassphrase = await readParentPassphrase(options, store, io);
  return store.locked(async () => {
    if ((await store.names()).includes(name))
      throw new UsageError(`there is an authority ${name} already: choose another name`);
    const parent =
      options.parent === undefined ? undefined : await store.open(options.parent, parentPassphrase);
    const { keyType, days, crlDays } = options;
    const issued = await makeAuthority(
      store,
      {
        ...{ name, subject, keyType, days, permitted, crlUrls, crlDays },
        ...(pathLength === undefined ? {} : { pathLength }),
        ...(token === undefined ? {} : { token }),
      },
      passphrase,
      parent,
    );
    io.stdout(`authority ${name}: ${issued.subject}, valid until ${issued.notAfter}\n`);
    return EXIT.ok;
  });
}

/** Before anything is locked: a person may take a while. */
async function readParentPassphrase(
  { parent, passphraseFile, parentPassphraseFile }: CreateOptions,
  store: AuthorityStore,
  io: Io,
): Promise<string> {
  if (parent === undefined) return '';
  if (passphraseFile === '-' && parentPassphraseFile === '-')
    throw new UsageError(
      'only one passphrase can come from standard input: put the other into a file',
    );
  return readPassphraseOf(store, parent, parentPassphraseFile, io, '--parent-passphrase-file');
}

function toPathLength(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (!/^\d$/.test(text)) throw new UsageError(`--path-length ${text} is not a number from 0 to 9`);
  return Number(text);
}

function mustBeUrls(texts: readonly string[]): readonly string[] {
  for (const text of texts) {
    // RFC 5280 §4.2.1.13: what must be fetched to check a certificate cannot need one itself.
    if (URL.parse(text)?.protocol !== 'http:')
      throw new UsageError(`--crl-url ${text} is not an http: URL`);
  }
  return texts;
}
