/** What cannot be opened with its passphrase, as a fault of the secret: code and way out. */
import type { ProblemCode } from '../model/problem-codes.ts';
import type { Refusal } from './passphrase.ts';

export const REFUSAL_FAULTS: Readonly<
  Record<Refusal['reason'], readonly [code: ProblemCode, hint: string]>
> = {
  malformed: ['secret/malformed', 'give the whole file, as it was exported'],
  unsupported: ['secret/malformed', 'write the file again with openssl pkcs12 or openssl pkcs8'],
  'wrong-passphrase': [
    'secret/wrong-passphrase',
    'check the passphrase, and the file that it is in',
  ],
  'too-many-iterations': ['secret/too-many-iterations', 'write the file again with fewer rounds'],
};
