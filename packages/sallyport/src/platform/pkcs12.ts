/** Reads PKCS#12 files (RFC 7292): certificates and private keys under one passphrase. */
import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import {
  AuthenticatedSafe,
  CertBag,
  type ContentInfo,
  EncryptedData,
  type MacData,
  PBES2Params,
  PFX,
  PKCS8ShroudedKeyBag,
  PrivateKeyInfo,
  SafeContents,
} from 'pkijs';
import {
  Passphrase,
  type Refusal,
  refusalOf,
  UnsupportedError,
  WrongPassphraseError,
} from './passphrase.ts';
import { decryptPart } from './pkcs12-decrypt.ts';
import {
  deriveKey,
  deriveLegacy,
  hashName,
  legacyPassphrases,
  octets,
  PURPOSE,
} from './pkcs12-kdf.ts';

export interface Pkcs12Content {
  /** DER, in the order of the file. */
  readonly certificates: readonly Uint8Array[];
  /** PKCS#8 in DER. */
  readonly keys: readonly Uint8Array[];
}

export type Pkcs12Result = { readonly ok: true; readonly content: Pkcs12Content } | Refusal;

const DATA = '1.2.840.113549.1.7.1';
const ENCRYPTED_DATA = '1.2.840.113549.1.7.6';
const PBMAC1 = '1.2.840.113549.1.5.14';

/** `form`: what the file is said not to be where it is none. */
export async function parsePkcs12(
  bytes: Uint8Array,
  passphrase: string,
  form = 'PKCS#12',
): Promise<Pkcs12Result> {
  try {
    return { ok: true, content: await readFile(bytes, new Passphrase(passphrase)) };
  } catch (cause) {
    return refusalOf(cause, form);
  }
}

/** What has been found so far. */
interface Findings {
  readonly certificates: Uint8Array[];
  readonly keys: Uint8Array[];
}

async function readFile(bytes: Uint8Array, passphrase: Passphrase): Promise<Pkcs12Content> {
  const file = PFX.fromBER(bytes.slice());
  if (file.authSafe.contentType !== DATA) throw new UnsupportedError('signature in place of a MAC');
  const content = octets(file.authSafe.content as unknown);
  if (file.macData !== undefined) await checkMac(file.macData, content, passphrase);
  const found: Findings = { certificates: [], keys: [] };
  for (const part of AuthenticatedSafe.fromBER(content).safeContents) {
    await readBags(await openPart(part, passphrase), passphrase, found);
  }
  return found;
}

async function checkMac(mac: MacData, content: Uint8Array, passphrase: Passphrase): Promise<void> {
  const { digestAlgorithm, digest } = mac.mac;
  const expected = octets(digest);
  const { length } = expected;
  // PBMAC1 has the parameters of PBES2 with a MAC in place of the cipher (RFC 9579 §4).
  const pbmac1 =
    digestAlgorithm.algorithmId === PBMAC1
      ? new PBES2Params({ schema: digestAlgorithm.algorithmParams as unknown })
      : undefined;
  const hash = hashName((pbmac1?.encryptionScheme ?? digestAlgorithm).algorithmId);
  // A key is derived that is as long, and work grows with it.
  if (length !== createHash(hash).digest().length) throw new UnsupportedError('length of its MAC');
  if (pbmac1 !== undefined) {
    const key = await deriveKey(pbmac1.keyDerivationFunc, passphrase, length);
    if (isMac(hash, key, { content, expected })) return;
    throw new WrongPassphraseError();
  }
  const salt = octets(mac.macSalt);
  const iterations = mac.iterations ?? 1;
  for (const bytes of legacyPassphrases(passphrase)) {
    const wanted = { hash, passphrase, bytes, salt, iterations, purpose: PURPOSE.mac, length };
    const key = deriveLegacy(wanted);
    if (isMac(hash, key, { content, expected })) return;
  }
  throw new WrongPassphraseError();
}

function isMac(
  hash: string,
  key: Uint8Array,
  { content, expected }: { content: Uint8Array; expected: Uint8Array },
): boolean {
  const actual = createHmac(hash, key).update(content).digest();
  return actual.length === expected.length && timingSafeEqual(actual, expected);
}

async function openPart(part: ContentInfo, passphrase: Passphrase): Promise<Uint8Array> {
  switch (part.contentType) {
    case DATA:
      return octets(part.content as unknown);
    case ENCRYPTED_DATA: {
      const { encryptedContentInfo } = new EncryptedData({ schema: part.content as unknown });
      // The content stands under an implicit tag, in one piece or several: pkijs joins them.
      const data = new Uint8Array(encryptedContentInfo.getEncryptedContent());
      const plain = await decryptPart(
        encryptedContentInfo.contentEncryptionAlgorithm,
        data,
        passphrase,
      );
      if (plain === undefined) throw new WrongPassphraseError();
      return plain;
    }
    default:
      throw new UnsupportedError('part under a public key');
  }
}

async function readBags(plain: Uint8Array, passphrase: Passphrase, found: Findings): Promise<void> {
  for (const { bagValue } of SafeContents.fromBER(plain.slice()).safeBags) {
    if (bagValue instanceof CertBag) {
      found.certificates.push(octets(bagValue.certValue));
    } else if (bagValue instanceof PrivateKeyInfo) {
      found.keys.push(new Uint8Array(bagValue.toSchema().toBER()));
    } else if (bagValue instanceof PKCS8ShroudedKeyBag) {
      const data = octets(bagValue.encryptedData);
      const key = await decryptPart(bagValue.encryptionAlgorithm, data, passphrase);
      if (key === undefined) throw new WrongPassphraseError();
      found.keys.push(key);
    }
  }
}
