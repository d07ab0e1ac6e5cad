/** The authority that takes the place of another one: a key and a list of its own, and trusted before it certifies. */
import { issuedOf } from '../pki/issued.ts';
import { permittedDomainsOf } from '../pki/obstacles.ts';
import type { IssuedCertificate, Successor } from '../pki/record.ts';
import { generationOf, successorName, successorSubject, successorUrl } from '../pki/succession.ts';
import { BasicConstraintsExtension } from '../pki/x509.ts';
import {
  type AuthorityStore,
  type OpenedAuthority,
  ownOf,
  type StoredAuthority,
} from '../store/authority-store.ts';
import { makeAuthority, type WantedAuthority } from './make-authority.ts';

const DAY_MILLISECONDS = 86_400_000;

export type SuccessorShape = Pick<
  WantedAuthority,
  'subject' | 'keyType' | 'days' | 'pathLength' | 'permitted'
>;

export interface SuccessorOptions {
  /** Of its key, as of the key of the one before, or the PIN of the token of both. */
  readonly passphrase: string;
  readonly parent?: OpenedAuthority;
  readonly takesOverAt: Date;
}

/** Under the lock of the store. Throws where a URL of the list would be the same for both. */
export async function makeSuccessor(
  store: AuthorityStore,
  { record }: StoredAuthority,
  shape: SuccessorShape,
  { passphrase, parent, takesOverAt }: SuccessorOptions,
): Promise<{ readonly successor: Successor; readonly issued: IssuedCertificate }> {
  const name = successorName(record.name, await store.names());
  const crlUrls = record.crlUrls.map((url) => {
    const next = successorUrl(url, record.name, name);
    if (next !== undefined) return next;
    throw new Error(
      `${url} does not name authority ${record.name}, and the list of the next authority needs a URL of its own: make a new authority with sallyport pki ca create`,
    );
  });
  const subject = successorSubject(shape.subject, generationOf(name));
  const wanted = {
    ...{ ...shape, name, subject, crlUrls, crlDays: record.crlDays },
    ...(record.token === undefined ? {} : { token: { ...record.token, object: name } }),
  };
  const issued = await makeAuthority(store, wanted, passphrase, parent);
  const successor = { name, takesOverAt: takesOverAt.toISOString() };
  // Its parent may be the same file: what was written there meanwhile stays.
  await store.write({ ...(await store.read(record.name)).record, successor });
  return { successor, issued };
}

/** As the one before was made. */
export function shapeOf(stored: StoredAuthority): SuccessorShape {
  const own = ownOf(stored);
  const { notBefore, notAfter } = issuedOf(own);
  const pathLength = own.getExtension(BasicConstraintsExtension)?.pathLength;
  return {
    subject: own.subjectName.toJSON(),
    keyType: stored.record.keyType,
    days: Math.round((Date.parse(notAfter) - Date.parse(notBefore)) / DAY_MILLISECONDS),
    permitted: permittedDomainsOf(own),
    ...(pathLength === undefined ? {} : { pathLength }),
  };
}
