/** Certificates and keys of a PKCS#12 file, with its faults in words. */
import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { type FileField, faultIn, SecretFaultError } from './secret-fault.ts';
import { REFUSAL_FAULTS } from './secret-refusal.ts';

/** What a file or several gave, in no order. */
export interface KeysAndCertificates {
  readonly certificates: readonly X509Certificate[];
  readonly keys: readonly KeyObject[];
}

/** `form`: what the file may have been besides. Throws `SecretFaultError`. */
export async function openPkcs12(
  bytes: Uint8Array,
  passphrase: string,
  from: FileField,
  form = 'PKCS#12',
): Promise<KeysAndCertificates> {
  // Its libraries are a third of what a command has to load, and few have such a file.
  const { parsePkcs12 } = await import('./pkcs12.ts');
  const parsed = await parsePkcs12(bytes, passphrase, form);
  if (!parsed.ok) {
    const [code, hint] = REFUSAL_FAULTS[parsed.reason];
    throw new SecretFaultError(faultIn(from, code, parsed.message, hint));
  }
  const { certificates, keys } = parsed.content;
  return {
    certificates: certificates.map((der) =>
      mustRead('a certificate', from, () => new X509Certificate(der)),
    ),
    keys: keys.map((der) =>
      mustRead('a key', from, () =>
        createPrivateKey({ key: Buffer.from(der), format: 'der', type: 'pkcs8' }),
      ),
    ),
  };
}

function mustRead<T>(what: string, from: FileField, read: () => T): T {
  try {
    return read();
  } catch {
    const hint = 'write the file again with openssl pkcs12 -export';
    throw new SecretFaultError(
      faultIn(from, 'secret/malformed', `${what} in the file cannot be read`, hint),
    );
  }
}
