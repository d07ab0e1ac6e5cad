/** Makes the reference of a plan to a Secret, of what is known of it. */
import { objectKey } from '../model/declared-objects.ts';
import type { SecretFacts } from '../model/facts.ts';
import { newestLists } from './revocation-lists.ts';
import type { Expiry, SecretUse } from './secret-reference.ts';

/** Fingerprint of a secret that nobody has read yet, as in plans made away from the host. */
const UNREAD = 'unread';

/** `secretFacts`: by `namespace/name`. */
export function secretUse(
  namespace: string,
  name: string,
  secretFacts: ReadonlyMap<string, SecretFacts>,
): SecretUse {
  const facts = secretFacts.get(objectKey(namespace, name));
  const expires = facts === undefined ? undefined : firstToExpire(facts);
  const lists = newestLists(facts?.revocationLists ?? []);
  return {
    ...{ namespace, name, fingerprint: facts?.fingerprint ?? UNREAD },
    ...(expires === undefined ? {} : { expires }),
    ...(lists.length === 0 ? {} : { revocationLists: lists }),
  };
}

function firstToExpire({ certificates }: SecretFacts): Expiry | undefined {
  const [first] = certificates.toSorted((a, b) => Date.parse(a.notAfter) - Date.parse(b.notAfter));
  return first === undefined ? undefined : { subject: first.subject, notAfter: first.notAfter };
}
