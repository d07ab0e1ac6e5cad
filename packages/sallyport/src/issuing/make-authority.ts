/** A new authority in the store: by command, by declaration, or in the place of an older one. */
import type { TokenKeyPlace } from '../model/token-key.ts';
import { type Authority, createAuthority, type NewAuthority } from '../pki/authority.ts';
import { issuedOf } from '../pki/issued.ts';
import { type IssuedCertificate, withIssued } from '../pki/record.ts';
import { ensureTokenKey } from '../platform/token-key.ts';
import type { AuthorityStore, OpenedAuthority } from '../store/authority-store.ts';
import { mustBeFreeToIssue } from './cannot-certify.ts';

export interface WantedAuthority extends Omit<NewAuthority, 'crlUrls'> {
  readonly name: string;
  /** Where its list will be published. */
  readonly crlUrls: readonly string[];
  readonly crlDays: number;
  /** Where its key is, or is to be made; absent: in a file. */
  readonly token?: TokenKeyPlace;
}

/**
 * Under the lock of the store. `parent`: absent for a root; its record in the store must be the one it was opened with. Throws
 * `CannotCertifyError`. `passphrase`: for its key, or the PIN of its token.
 */
export async function makeAuthority(
  store: AuthorityStore,
  { name, crlUrls, crlDays, token, ...wanted }: WantedAuthority,
  passphrase: string,
  parent?: OpenedAuthority,
): Promise<IssuedCertificate> {
  if (parent !== undefined) mustBeFreeToIssue(parent.chain, { altNames: [], isAuthority: true });
  const authority: Authority = await createAuthority(
    { ...wanted, crlUrls: parent?.record.crlUrls ?? [] },
    new Date(),
    parent?.authority,
    token === undefined ? undefined : await ensureTokenKey(token, passphrase, wanted.keyType),
  );
  const issued = issuedOf(authority.certificate);
  if (parent !== undefined) await store.write(withIssued(parent.record, issued));
  const record = {
    ...({ format: 'sallyport.dev/authority/v1alpha1', name, crlUrls, crlDays } as const),
    ...{ keyType: wanted.keyType, crlNumber: 0, issued: [] },
    ...(token === undefined ? {} : { token }),
    ...(parent === undefined ? {} : { parent: parent.record.name }),
  };
  const chain = [authority.certificate, ...(parent?.chain ?? [])];
  await store.create({ record, chain }, authority, passphrase);
  return issued;
}
