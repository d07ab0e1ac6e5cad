/** Certificates and keys in PEM or DER. */
import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { type PemBlock, pemBlocks } from './pem-blocks.ts';
import { type FileField, faultIn, SecretFaultError } from './secret-fault.ts';
import { REFUSAL_FAULTS } from './secret-refusal.ts';

/** More certificates than any chain or bundle for one peer has. */
const MOST_CERTIFICATES = 64;
/** Each of them may want a passphrase, and work to open it. */
const MOST_KEYS = 4;

/** What opens encrypted keys; asked for only where there are any. Absent: there is none. */
export type AskPassphrase = () => Promise<string | undefined>;

/** All certificates of a PEM file, or the one of a DER file. */
export function parseCertificates(bytes: Uint8Array, field: FileField): X509Certificate[] {
  const blocks = pemBlocks(bytes, field);
  const encoded: (string | Uint8Array)[] =
    blocks.length === 0
      ? [bytes]
      : blocks
          .filter(({ label }) => label === 'CERTIFICATE' || label === 'X509 CERTIFICATE')
          .map(({ text }) => text);
  if (encoded.length === 0) {
    throw new SecretFaultError(
      faultIn(
        field,
        'secret/no-certificate',
        'the file holds no certificate',
        'name the file that begins with BEGIN CERTIFICATE',
      ),
    );
  }
  if (encoded.length > MOST_CERTIFICATES) {
    throw new SecretFaultError(
      faultIn(
        field,
        'secret/malformed',
        `the file holds more than ${String(MOST_CERTIFICATES)} certificates`,
        'give only those of this connection',
      ),
    );
  }
  return encoded.map((one, index) => {
    try {
      return new X509Certificate(one);
    } catch {
      const which =
        encoded.length === 1 ? 'the file' : `certificate ${String(index + 1)} of the file`;
      throw new SecretFaultError(
        faultIn(
          field,
          'secret/malformed',
          `${which} is not an X.509 certificate`,
          'give PEM or DER',
        ),
      );
    }
  });
}

/** All private keys of a PEM file, or the one of a DER file; at least one. */
export async function parsePrivateKeys(
  bytes: Uint8Array,
  field: FileField,
  ask: AskPassphrase,
): Promise<KeyObject[]> {
  const blocks = pemBlocks(bytes, field).filter(({ label }) => label.endsWith('PRIVATE KEY'));
  if (blocks.length > MOST_KEYS) {
    throw new SecretFaultError(
      faultIn(
        field,
        'secret/malformed',
        `the file holds more than ${String(MOST_KEYS)} private keys`,
        'give only the one of this certificate',
      ),
    );
  }
  if (blocks.length > 0) return Promise.all(blocks.map((block) => parsePemKey(block, field, ask)));
  const key = parseDerKey(bytes) ?? (await openDerKey(bytes, field, ask));
  if (key !== undefined) return [key];
  throw new SecretFaultError(
    faultIn(
      field,
      'secret/no-key',
      'the file holds no private key',
      'name the file that begins with BEGIN PRIVATE KEY',
    ),
  );
}

async function parsePemKey(
  { label, text }: PemBlock,
  field: FileField,
  ask: AskPassphrase,
): Promise<KeyObject> {
  if (label === 'ENCRYPTED PRIVATE KEY') {
    const [, body = ''] = text.split(/-----[^-]*-----/u);
    return mustOpenDerKey(Buffer.from(body, 'base64'), field, ask);
  }
  if (text.includes('Proc-Type: 4,ENCRYPTED')) return openTraditionalKey(text, field, ask);
  try {
    return createPrivateKey(text);
  } catch {
    throw unreadable(field);
  }
}

function unreadable(field: FileField): SecretFaultError {
  return new SecretFaultError(
    faultIn(
      field,
      'secret/malformed',
      'the private key cannot be read',
      'give PKCS#8, PKCS#1 or SEC 1 in PEM or DER',
    ),
  );
}

/** RFC 1421 §4.6.1.1 as OpenSSL writes it: one round of MD5, whatever the file says. */
async function openTraditionalKey(
  text: string,
  field: FileField,
  ask: AskPassphrase,
): Promise<KeyObject> {
  if (!/^DEK-Info: (?:AES-(?:128|192|256)|DES-EDE3)-CBC,/mu.test(text)) throw unreadable(field);
  const passphrase = await mustHavePassphrase(field, ask);
  try {
    return createPrivateKey({ key: text, passphrase });
  } catch {
    const [code, hint] = REFUSAL_FAULTS['wrong-passphrase'];
    const message = 'the passphrase does not open the file, or it is damaged';
    throw new SecretFaultError(faultIn(field, code, message, hint));
  }
}

/** Throws `SecretFaultError` where there is none. */
export async function mustHavePassphrase(field: FileField, ask: AskPassphrase): Promise<string> {
  const passphrase = await ask();
  if (passphrase !== undefined) return passphrase;
  throw new SecretFaultError(
    faultIn(
      field,
      'secret/encrypted-key',
      'the file is encrypted',
      'name the file with its passphrase: passphraseFile of a Secret, --passphrase-file of a command',
    ),
  );
}

/** Undefined where it is no encrypted key. Its libraries are much to load, and few keys are encrypted. */
async function openDerKey(
  der: Uint8Array,
  field: FileField,
  ask: AskPassphrase,
): Promise<KeyObject | undefined> {
  const { isEncryptedKey } = await import('./encrypted-private-key.ts');
  return isEncryptedKey(der) ? mustOpenDerKey(der, field, ask) : undefined;
}

async function mustOpenDerKey(
  der: Uint8Array,
  field: FileField,
  ask: AskPassphrase,
): Promise<KeyObject> {
  const passphrase = await mustHavePassphrase(field, ask);
  const { openEncryptedKey } = await import('./encrypted-private-key.ts');
  const opened = await openEncryptedKey(der, passphrase);
  if (opened.ok) return opened.key;
  const [code, hint] = REFUSAL_FAULTS[opened.reason];
  throw new SecretFaultError(faultIn(field, code, opened.message, hint));
}

/** DER does not name its form: each one is tried. */
function parseDerKey(bytes: Uint8Array): KeyObject | undefined {
  for (const type of ['pkcs8', 'sec1', 'pkcs1'] as const) {
    try {
      return createPrivateKey({ key: Buffer.from(bytes), format: 'der', type });
    } catch {
      // Not of this form; only when no form fits it is no key.
    }
  }
  return undefined;
}
