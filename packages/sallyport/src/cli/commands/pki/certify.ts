/** One certificate of a stored authority, remembered before anybody gets it, and written. */
import { mustBeFreeToIssue } from '../../../issuing/cannot-certify.ts';
import { trustedCertificates } from '../../../issuing/declared-authority.ts';
import { issueCertificate, type NewCertificate } from '../../../pki/authority.ts';
import { issuedOf } from '../../../pki/issued.ts';
import { certificatesToPem } from '../../../pki/pem.ts';
import { type IssuedCertificate, withIssued } from '../../../pki/record.ts';
import { EXIT, type Io } from '../../io.ts';
import { type SigningOptions, withSigner } from './authorities.ts';

/** Where the result goes. */
export interface Output {
  readonly paths: readonly string[];
  /** Certificate, authorities, key where there is one. */
  write(contents: readonly string[]): Promise<void>;
  discard(): Promise<void>;
}

/** `key`: PEM, where it was made here. `output` is asked for when nothing else stands in the way. */
export async function certify(
  wanted: Omit<NewCertificate, 'crlUrls'> & { readonly key?: string },
  options: SigningOptions,
  output: () => Promise<Output>,
  io: Io,
): Promise<number> {
  return withSigner(options, io, async ({ record, chain, authority }, store) => {
    const trusted = await trustedCertificates(store, options.authority, new Date());
    mustBeFreeToIssue(chain, { altNames: wanted.altNames, isAuthority: false });
    const files = await output();
    let issued: IssuedCertificate;
    try {
      const certificate = await issueCertificate(
        authority,
        { ...wanted, crlUrls: record.crlUrls },
        new Date(),
      );
      issued = issuedOf(certificate);
      await store.write(withIssued(record, issued));
      await files.write([
        ...[certificatesToPem([certificate]), certificatesToPem(trusted)],
        ...(wanted.key === undefined ? [] : [wanted.key]),
      ]);
    } catch (error) {
      await files.discard();
      throw error;
    }
    const paths = files.paths.join(', ');
    io.stdout(`certificate ${issued.serial}, valid until ${issued.notAfter}: ${paths}\n`);
    return EXIT.ok;
  });
}
