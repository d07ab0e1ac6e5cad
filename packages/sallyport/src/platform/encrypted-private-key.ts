/** A private key under a passphrase: PKCS#8 (RFC 5958 §3), which is what a PKCS#12 file holds as well. */
import { createPrivateKey, type KeyObject } from 'node:crypto';
import { PKCS8ShroudedKeyBag } from 'pkijs';
import { Passphrase, type Refusal, refusalOf, WrongPassphraseError } from './passphrase.ts';
import { decryptPart } from './pkcs12-decrypt.ts';
import { octets } from './pkcs12-kdf.ts';

export function isEncryptedKey(der: Uint8Array): boolean {
  try {
    PKCS8ShroudedKeyBag.fromBER(der.slice());
    return true;
  } catch {
    return false;
  }
}

export async function openEncryptedKey(
  der: Uint8Array,
  passphrase: string,
): Promise<{ readonly ok: true; readonly key: KeyObject } | Refusal> {
  try {
    const { encryptionAlgorithm, encryptedData } = PKCS8ShroudedKeyBag.fromBER(der.slice());
    const data = octets(encryptedData);
    const plain = await decryptPart(encryptionAlgorithm, data, new Passphrase(passphrase));
    if (plain === undefined) throw new WrongPassphraseError();
    return { ok: true, key: toKey(plain) };
  } catch (cause) {
    return refusalOf(cause, 'an encrypted private key');
  }
}

/** One wrong passphrase of 256 gives the right padding, and no key. */
function toKey(plain: Uint8Array): KeyObject {
  try {
    return createPrivateKey({ key: Buffer.from(plain), format: 'der', type: 'pkcs8' });
  } catch {
    throw new WrongPassphraseError();
  }
}
