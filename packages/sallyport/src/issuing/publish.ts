/** The next revocation list of an authority, in its directory. */
import { type Authority, createCrl } from '../pki/authority.ts';
import { type AuthorityRecord, revocationsOf } from '../pki/record.ts';
import type { AuthorityStore } from '../store/authority-store.ts';

/** Returns where it lies. The number is remembered first: no two lists may have the same. */
export async function publishCrl(
  store: AuthorityStore,
  record: AuthorityRecord,
  authority: Authority,
): Promise<string> {
  const number = record.crlNumber + 1;
  await store.write({ ...record, crlNumber: number });
  const list = { number, days: record.crlDays };
  const crl = await createCrl(authority, revocationsOf(record), list, new Date());
  return store.writeCrl(record.name, crl.rawData);
}
