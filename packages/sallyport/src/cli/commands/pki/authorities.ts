/** The authorities of this installation, as the commands of the PKI use them. */
import type { TokenKeyPlace } from '../../../model/token-key.ts';
import { lineOf, signerOf } from '../../../pki/succession.ts';
import { AuthorityStore, type OpenedAuthority } from '../../../store/authority-store.ts';
import { directoriesFrom, pathsOf } from '../../../store/state-directory.ts';
import type { Io } from '../../io.ts';
import { type PassphraseUse, readPassphrase } from './input.ts';

export interface SigningOptions {
  readonly authority: string;
  readonly passphraseFile?: string;
}

export function authoritiesOf({ env }: Io): AuthorityStore {
  return new AuthorityStore(pathsOf(directoriesFrom(env)).authorities);
}

/** Opens the authority while no other command changes any. The passphrase comes first: a person may take a while. */
export async function withAuthority<T>(
  { authority, passphraseFile }: SigningOptions,
  io: Io,
  use: (opened: OpenedAuthority, store: AuthorityStore) => Promise<T>,
): Promise<T> {
  const store = authoritiesOf(io);
  const passphrase = await readPassphraseOf(store, authority, passphraseFile, io);
  return store.locked(async () => use(await store.open(authority, passphrase), store));
}

/** As `withAuthority`, with the one that certifies in its place now. */
export async function withSigner<T>(
  { authority, ...options }: SigningOptions,
  io: Io,
  use: (opened: OpenedAuthority, store: AuthorityStore) => Promise<T>,
): Promise<T> {
  const store = authoritiesOf(io);
  const line = await lineOf(authority, (name) => store.read(name));
  return withAuthority({ ...options, authority: signerOf(line, new Date()).record.name }, io, use);
}

/** Of the key of an authority that is there, or the PIN of its token. `option`: that names the file. */
export async function readPassphraseOf(
  store: AuthorityStore,
  name: string,
  path: string | undefined,
  io: Io,
  option?: string,
): Promise<string> {
  const { token } = (await store.read(name)).record;
  const use = token === undefined ? { of: `authority ${name}` } : pinOf(token);
  return readPassphrase(path, io, { ...use, ...(option === undefined ? {} : { option }) });
}

/** As long as its token has it, which lets nobody try many. */
export function pinOf({ token }: TokenKeyPlace): PassphraseUse {
  return { of: `token ${token} (its PIN)`, isForeign: true };
}
