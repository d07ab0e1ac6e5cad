/** The authorities of this installation, as the commands of the PKI use them. */
import { AuthorityStore, type OpenedAuthority } from '../../../store/authority-store.ts';
import { directoriesFrom, pathsOf } from '../../../store/state-directory.ts';
import type { Io } from '../../io.ts';
import { readPassphrase } from './input.ts';

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
  const passphrase = await readPassphrase(passphraseFile, io, { of: `authority ${authority}` });
  const store = authoritiesOf(io);
  return store.locked(async () => use(await store.open(authority, passphrase), store));
}
