/** Of several lists of one issuer a daemon keeps the newest: the others are not waited for. Pure. */
import type { RevocationListFacts } from '../model/facts.ts';
import type { SecretUse } from './secret-reference.ts';

/** One of each issuer, sorted by its key. */
export function newestLists(lists: readonly RevocationListFacts[]): RevocationListFacts[] {
  const newest = new Map<string, RevocationListFacts>();
  for (const list of lists) {
    const other = newest.get(list.issuerKey);
    if (other === undefined || isNewer(list, other)) newest.set(list.issuerKey, list);
  }
  return [...newest.values()].sort((a, b) => (a.issuerKey < b.issuerKey ? -1 : 1));
}

/** Another one with every change of what the files of a Secret hold. */
export function contentOf({
  fingerprint,
  revocationLists = [],
}: Pick<SecretUse, 'fingerprint' | 'revocationLists'>): string {
  return [fingerprint, ...newestLists(revocationLists).map((list) => list.fingerprint)].join(' ');
}

/** As charon decides: by number, and by time where one has none (RFC 5280 §5.2.3). */
function isNewer(list: RevocationListFacts, other: RevocationListFacts): boolean {
  return list.number !== undefined && other.number !== undefined
    ? BigInt(list.number) > BigInt(other.number)
    : Date.parse(list.thisUpdate) > Date.parse(other.thisUpdate);
}
