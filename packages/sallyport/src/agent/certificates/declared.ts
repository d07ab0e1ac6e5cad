/** What of the stored declarations this host issues. */
import { type DeclaredIssuing, declaredOn } from '../../issuing/declared.ts';
import { type ObjectStore, toParsed } from '../../store/object-store.ts';

export async function readDeclaredIssuing(
  store: ObjectStore,
  host: string,
): Promise<DeclaredIssuing> {
  const stored = await store.read(['CertificateAuthority', 'Secret']);
  return declaredOn(host, stored.map(toParsed));
}
