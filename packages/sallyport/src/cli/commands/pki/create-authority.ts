import { createAuthority } from '../../../pki/authority.ts';
import { issuedOf } from '../../../pki/issued.ts';
import type { KeyType } from '../../../pki/key-type.ts';
import { withIssued } from '../../../pki/record.ts';
import { AuthorityStore } from '../../../store/authority-store.ts';
import { directoriesFrom, pathsOf } from '../../../store/state-directory.ts';
import { EXIT, type Io, UsageError } from '../../io.ts';
import { mustBeName, Names, readPassphrase } from './input.ts';

interface CreateOptions {
  readonly subject: string;
  readonly passphraseFile: string;
  readonly parent?: string;
  readonly parentPassphraseFile?: string;
  readonly keyType: KeyType;
  readonly days: number;
  readonly pathLength?: string;
  readonly permit?: string[];
  readonly crlUrl?: string[];
}

export async function run(
  [name = '']: readonly string[],
  options: CreateOptions,
  io: Io,
): Promise<number> {
  mustBeName(name);
  const names = new Names();
  const subject = names.subject('--subject', options.subject);
  const permitted = names.altNames('--permit', options.permit ?? []);
  const crlUrls = mustBeUrls(options.crlUrl ?? []);
  const pathLength = toPathLength(options.pathLength);
  if (names.report(io)) return EXIT.failed;
  const passphrase = await readPassphrase(options.passphraseFile, io);
  const store = new AuthorityStore(pathsOf(directoriesFrom(io.env)).authorities);
  return store.locked(async () => {
    if ((await store.names()).includes(name))
      throw new UsageError(`there is an authority ${name} already: choose another name`);
    const parent = await openParent(options, store, io);
    const { keyType, days } = options;
    const wanted = {
      subject,
      keyType,
      days,
      permitted,
      ...(pathLength === undefined ? {} : { pathLength }),
    };
    const authority = await createAuthority(wanted, new Date(), parent?.authority);
    const { certificate } = authority;
    const chain = [certificate, ...(parent?.chain ?? [])];
    const record = {
      ...({ format: 'sallyport.dev/authority/v1alpha1', name, keyType, crlUrls } as const),
      ...(options.parent === undefined ? {} : { parent: options.parent }),
      ...{ crlNumber: 0, issued: [] },
    };
    if (parent !== undefined) await store.write(withIssued(parent.record, issuedOf(certificate)));
    await store.create({ record, chain }, authority, passphrase);
    io.stdout(
      `authority ${name}: ${issuedOf(certificate).subject}, valid until ${certificate.notAfter.toISOString()}\n`,
    );
    return EXIT.ok;
  });
}

async function openParent(
  { parent, parentPassphraseFile }: CreateOptions,
  store: AuthorityStore,
  io: Io,
): Promise<Awaited<ReturnType<AuthorityStore['open']>> | undefined> {
  if (parent === undefined) return undefined;
  if (parentPassphraseFile === undefined)
    throw new UsageError('--parent needs --parent-passphrase-file');
  return store.open(parent, await readPassphrase(parentPassphraseFile, io));
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
