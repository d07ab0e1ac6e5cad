/** Certificates and keys in PEM or DER. */
import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { type FileField, faultIn, SecretFaultError } from './secret-fault.ts';

/** More certificates than any chain or bundle for one peer has. */
const MOST_CERTIFICATES = 64;

const BLOCK = /-----BEGIN (?<label>[A-Z0-9 ]+)-----[^-]*-----END \k<label>-----/gu;

interface PemBlock {
  readonly label: string;
  readonly text: string;
}

function pemBlocks(bytes: Uint8Array): PemBlock[] {
  const text = Buffer.from(bytes).toString('latin1');
  return [...text.matchAll(BLOCK)].map((match) => ({
    label: match.groups?.['label'] ?? '',
    text: match[0],
  }));
}

/** All certificates of a PEM file, or the one of a DER file. */
export function parseCertificates(bytes: Uint8Array, field: FileField): X509Certificate[] {
  const blocks = pemBlocks(bytes);
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

/** The first private key of a PEM file, or the one of a DER file. */
export function parsePrivateKey(bytes: Uint8Array, field: FileField): KeyObject {
  const blocks = pemBlocks(bytes).filter(({ label }) => label.endsWith('PRIVATE KEY'));
  const [block] = blocks;
  if (
    block !== undefined &&
    (block.label.startsWith('ENCRYPTED') || block.text.includes('Proc-Type: 4,ENCRYPTED'))
  ) {
    throw new SecretFaultError(
      faultIn(
        field,
        'secret/encrypted-key',
        'the private key is encrypted',
        'decrypt it into a file of mode 0600, or use pkcs12 with passphraseFile',
      ),
    );
  }
  const key = block === undefined ? parseDerKey(bytes) : parsePemKey(block.text);
  if (key !== undefined) return key;
  throw new SecretFaultError(
    block === undefined
      ? faultIn(
          field,
          'secret/no-key',
          'the file holds no private key',
          'name the file that begins with BEGIN PRIVATE KEY',
        )
      : faultIn(
          field,
          'secret/malformed',
          'the private key cannot be read',
          'give PKCS#8, PKCS#1 or SEC 1 in PEM or DER',
        ),
  );
}

function parsePemKey(text: string): KeyObject | undefined {
  try {
    return createPrivateKey(text);
  } catch {
    return undefined;
  }
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
