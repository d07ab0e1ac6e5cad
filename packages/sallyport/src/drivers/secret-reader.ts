/** Where drivers get what a Secret holds, at the moment in which a daemon is told. */
import type { SecretUse } from '../plan/secret-reference.ts';
import type { SecretMaterial } from '../platform/secret-material.ts';

export interface SecretReader {
  /** Throws, in words without secrets, where the files give nothing usable. */
  read(use: SecretUse): Promise<SecretMaterial>;
}
