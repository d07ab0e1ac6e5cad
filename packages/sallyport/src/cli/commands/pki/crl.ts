import { AuthorityStore } from '../../../store/authority-store.ts';
import { directoriesFrom, pathsOf } from '../../../store/state-directory.ts';
import { EXIT, type Io } from '../../io.ts';
import { readPassphrase } from './input.ts';
import { publishCrl } from './publish.ts';

interface CrlOptions {
  readonly authority: string;
  readonly passphraseFile: string;
}

export async function run(
  _arguments: readonly string[],
  { authority: name, passphraseFile }: CrlOptions,
  io: Io,
): Promise<number> {
  const passphrase = await readPassphrase(passphraseFile, io);
  const store = new AuthorityStore(pathsOf(directoriesFrom(io.env)).authorities);
  return store.locked(async () => {
    const { record, authority } = await store.open(name, passphrase);
    io.stdout(`${await publishCrl(store, record, authority)}\n`);
    return EXIT.ok;
  });
}
