/** The next revocation list of an authority, in its directory. */
import { type Authority, createCrl } from '../../../pki/authority.ts';
import { type AuthorityRecord, revocationsOf } from '../../../pki/record.ts';
import type { AuthorityStore } from '../../../store/authority-store.ts';

/** Of a list that nobody asked to be longer. */
export const CRL_DAYS = 30;

/** Returns where it lies. The number is remembered first: no two lists may have the same. */
export async function publishCrl(
  store: AuthorityStore,
  record: AuthorityRecord,
  authority: Authority,
  days: number,
): Promise<string> {
  const now = new Date();
  const number = record.crlNumber + 1;
  await store.write({ ...record, crlNumber: number });
  const crl = await createCrl(authority, revocationsOf(record, now), { number, days }, now);
  return store.writeCrl(record.name, crl.rawData);
}
