/** How a plan refers to a Secret: by name, and by what of it can be told without telling it. */
import type { RevocationListFacts } from '../model/facts.ts';

/** Reference to a secret in the declarations, with the salted fingerprint of its present content. */
export interface SecretUse {
  readonly namespace: string;
  readonly name: string;
  readonly fingerprint: string;
  /** Of its certificates the one that ends first. */
  readonly expires?: Expiry;
  /** Of an authority, the newest of each issuer. Absent: none. */
  readonly revocationLists?: readonly RevocationListFacts[];
}

export interface Expiry {
  readonly subject: string;
  /** RFC 3339. */
  readonly notAfter: string;
}
