import { toPem } from '../../../pki/pem.ts';
import { AuthorityStore } from '../../../store/authority-store.ts';
import { directoriesFrom, pathsOf } from '../../../store/state-directory.ts';
import { EXIT, type Io } from '../../io.ts';

export async function run(
  [name = '']: readonly string[],
  _options: object,
  io: Io,
): Promise<number> {
  const store = new AuthorityStore(pathsOf(directoriesFrom(io.env)).authorities);
  const { chain } = await store.read(name);
  io.stdout(chain.map(({ rawData }) => toPem('CERTIFICATE', rawData)).join(''));
  return EXIT.ok;
}
