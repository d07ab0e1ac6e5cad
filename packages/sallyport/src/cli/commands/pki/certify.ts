/** One certificate of a stored authority, remembered before anybody gets it. */
import { issueCertificate, type NewCertificate } from '../../../pki/authority.ts';
import { issuedOf } from '../../../pki/issued.ts';
import { toPem } from '../../../pki/pem.ts';
import { type IssuedCertificate, withIssued } from '../../../pki/record.ts';
import { AuthorityStore } from '../../../store/authority-store.ts';
import { directoriesFrom, pathsOf } from '../../../store/state-directory.ts';
import type { Io } from '../../io.ts';
import { readPassphrase } from './input.ts';

export interface Certified {
  /** PEM. */
  readonly certificate: string;
  /** PEM: of the authority, and those above it. */
  readonly authorities: string;
  readonly issued: IssuedCertificate;
}

export async function certify(
  wanted: Omit<NewCertificate, 'crlUrls'>,
  { authority, passphraseFile }: { readonly authority: string; readonly passphraseFile: string },
  io: Io,
): Promise<Certified> {
  const passphrase = await readPassphrase(passphraseFile, io);
  const store = new AuthorityStore(pathsOf(directoriesFrom(io.env)).authorities);
  return store.locked(async () => {
    const opened = await store.open(authority, passphrase);
    const { crlUrls } = opened.record;
    const certificate = await issueCertificate(
      opened.authority,
      { ...wanted, crlUrls },
      new Date(),
    );
    const issued = issuedOf(certificate);
    await store.write(withIssued(opened.record, issued));
    return {
      certificate: toPem('CERTIFICATE', certificate.rawData),
      authorities: opened.chain.map(({ rawData }) => toPem('CERTIFICATE', rawData)).join(''),
      issued,
    };
  });
}
