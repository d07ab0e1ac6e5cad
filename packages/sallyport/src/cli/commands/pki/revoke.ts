import { withRevoked } from '../../../pki/record.ts';
import type { RevocationReason } from '../../../pki/revocation.ts';
import { AuthorityStore } from '../../../store/authority-store.ts';
import { directoriesFrom, pathsOf } from '../../../store/state-directory.ts';
import { EXIT, type Io, UsageError } from '../../io.ts';
import { readPassphrase } from './input.ts';
import { publishCrl } from './publish.ts';

interface RevokeOptions {
  readonly authority: string;
  readonly passphraseFile: string;
  readonly reason: RevocationReason;
}

export async function run(
  [serial = '']: readonly string[],
  { authority: name, passphraseFile, reason }: RevokeOptions,
  io: Io,
): Promise<number> {
  const passphrase = await readPassphrase(passphraseFile, io);
  const store = new AuthorityStore(pathsOf(directoriesFrom(io.env)).authorities);
  return store.locked(async () => {
    const { record, authority } = await store.open(name, passphrase);
    // Repeated, it publishes again: the first one may have been interrupted.
    const revoked = withRevoked(record, serial, reason, new Date());
    if (revoked === undefined)
      throw new UsageError(
        `authority ${name} has issued nothing with serial number ${serial}; sallyport pki list ${name} shows what there is`,
      );
    const path = await publishCrl(store, revoked, authority);
    const places = record.crlUrls.join(', ');
    io.stdout(
      places === ''
        ? `revoked: ${path}\nthe certificates of this authority name no place to fetch the list from (--crl-url): give it to those who check by hand\n`
        : `revoked: put ${path} where gateways fetch it, at ${places}\n`,
    );
    return EXIT.ok;
  });
}
