/**
 * A private key at rest: PKCS#8 under a passphrase, by scrypt and AES-256-CBC (RFC 7914 §7, RFC 8018 §6.2). It is
 * the form that `openssl pkcs8 -topk8 -scrypt` writes, so that the key of an authority can be saved without us.
 */
import { createCipheriv, createPrivateKey, type KeyObject, randomBytes, scrypt } from 'node:crypto';
import { promisify } from 'node:util';
import { fromBER, Integer, ObjectIdentifier, OctetString, Sequence } from 'asn1js';
import { fromPem, toPem } from './pem.ts';
import { SCRYPT } from './scrypt-cost.ts';

const derive = promisify<string, Buffer, number, { N: number; r: number; p: number }, Buffer>(
  scrypt,
);

const KEY_BYTES = 32;

const OID = {
  pbes2: '1.2.840.113549.1.5.13',
  scrypt: '1.3.6.1.4.1.11591.4.11',
  aes256Cbc: '2.16.840.1.101.3.4.1.42',
} as const;

/** The passphrase does not open the key, or what was to be opened is no key. */
export class KeyNotOpenedError extends Error {
  constructor(reason: 'wrong passphrase' | 'damaged') {
    super(
      reason === 'wrong passphrase'
        ? 'the passphrase does not open the key'
        : 'the file holds no encrypted private key, or only a part of one',
    );
    this.name = 'KeyNotOpenedError';
  }
}

/** PEM. */
export async function encryptKey(key: KeyObject, passphrase: string): Promise<string> {
  const [salt, iv] = [randomBytes(16), randomBytes(16)];
  const secret = await derive(passphrase, salt, KEY_BYTES, SCRYPT);
  const cipher = createCipheriv('aes-256-cbc', secret, iv);
  const plain = key.export({ format: 'der', type: 'pkcs8' });
  const data = Buffer.concat([cipher.update(plain), cipher.final()]);
  const parameters = new Sequence({
    value: [
      algorithm(
        OID.scrypt,
        new Sequence({
          value: [
            new OctetString({ valueHex: salt }),
            ...[SCRYPT.N, SCRYPT.r, SCRYPT.p].map((value) => new Integer({ value })),
          ],
        }),
      ),
      algorithm(OID.aes256Cbc, new OctetString({ valueHex: iv })),
    ],
  });
  const info = new Sequence({
    value: [algorithm(OID.pbes2, parameters), new OctetString({ valueHex: data })],
  });
  return toPem('ENCRYPTED PRIVATE KEY', info.toBER());
}

/** Throws {@link KeyNotOpenedError}. */
export function decryptKey(pem: string, passphrase: string): KeyObject {
  if (!isWhole(pem)) throw new KeyNotOpenedError('damaged');
  try {
    return createPrivateKey({ key: pem, passphrase });
  } catch {
    // What a wrong passphrase decrypts to may fail as padding or, more rarely, as a key.
    throw new KeyNotOpenedError('wrong passphrase');
  }
}

function isWhole(pem: string): boolean {
  const [der] = fromPem('ENCRYPTED PRIVATE KEY', pem);
  return der !== undefined && der.length > 0 && fromBER(der).offset === der.length;
}

function algorithm(oid: string, parameters: Sequence | OctetString): Sequence {
  return new Sequence({ value: [new ObjectIdentifier({ value: oid }), parameters] });
}
