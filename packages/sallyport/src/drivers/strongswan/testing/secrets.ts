/** What the files of the Secrets hold that the tunnels of these tests use. */
import { sha256Hex } from '../../../lib/sha256.ts';
import type { SecretUse } from '../../../plan/secret-reference.ts';
import type { SecretMaterial } from '../../../platform/secret-material.ts';
import { SecretValue } from '../../../platform/secret-value.ts';

export const KEY = 'a pre-shared key';
export const PRIVATE_KEY = 'private key';
export const KEY_ID = '0011';
/** In place of DER; what the worlds name as our leaf has its fingerprint. */
export const LEAF = 'leaf';
export const LIST: Uint8Array = Buffer.from('revocation list');
export const LIST_FINGERPRINT: string = sha256Hex('revocation list');

export function secretMaterial(use: SecretUse): SecretMaterial {
  if (use.name === 'a-psk') return { form: 'psk', psk: new SecretValue(Buffer.from(KEY)) };
  if (use.name === 'peer-ca') {
    const revocationLists = new Map([[LIST_FINGERPRINT, LIST]]);
    return { form: 'authority', authorities: [Buffer.from('ca')], revocationLists };
  }
  return {
    form: 'certificate',
    certificates: [Buffer.from(LEAF), Buffer.from('intermediate')],
    key: new SecretValue(Buffer.from(PRIVATE_KEY)),
    keyId: KEY_ID,
    authorities: [Buffer.from('root')],
  };
}
