/** Writes PKCS#12 files (RFC 7292): a key, its certificate and the authorities above it under one passphrase. */
import { createCipheriv, createHmac, randomBytes } from 'node:crypto';
import { BmpString, Integer, Null, OctetString, Sequence } from 'asn1js';
import {
  AlgorithmIdentifier,
  Attribute,
  AuthenticatedSafe,
  CertBag,
  ContentInfo,
  DigestInfo,
  EncryptedContentInfo,
  EncryptedData,
  MacData,
  PBES2Params,
  PBKDF2Params,
  PFX,
  PKCS8ShroudedKeyBag,
  SafeBag,
  SafeContents,
} from 'pkijs';
import { Passphrase } from './passphrase.ts';
import {
  deriveKey,
  deriveLegacy,
  type LegacyDerivation,
  legacyPassphrases,
  PURPOSE,
} from './pkcs12-kdf.ts';
import type { Pkcs12Scheme } from './pkcs12-scheme.ts';

export interface Pkcs12Input {
  /** What people see of it. */
  readonly friendlyName: string;
  /** DER: of the key first, then its authorities. */
  readonly certificates: readonly Uint8Array[];
  /** PKCS#8 in DER. */
  readonly key: Uint8Array;
}

const OID = {
  data: '1.2.840.113549.1.7.1',
  encryptedData: '1.2.840.113549.1.7.6',
  pbes2: '1.2.840.113549.1.5.13',
  pbkdf2: '1.2.840.113549.1.5.12',
  hmacSha256: '1.2.840.113549.2.9',
  aes256Cbc: '2.16.840.1.101.3.4.1.42',
  sha1And3Des: '1.2.840.113549.1.12.1.3',
  sha1: '1.3.14.3.2.26',
  sha256: '2.16.840.1.101.3.4.2.1',
  shroudedKeyBag: '1.2.840.113549.1.12.10.1.2',
  certBag: '1.2.840.113549.1.12.10.1.3',
  x509Certificate: '1.2.840.113549.1.9.22.1',
  friendlyName: '1.2.840.113549.1.9.20',
  localKeyId: '1.2.840.113549.1.9.21',
} as const;

/** A tenth of a second for who knows the passphrase: PBKDF2, and the way of PKCS#12's own, which nobody has made fast. */
const PBKDF2_ROUNDS = 100_000;
const LEGACY_ROUNDS = 20_000;
const SALT_BYTES = 16;
const LOCAL_KEY_ID = new Uint8Array([1]);

interface Encrypted {
  readonly algorithm: AlgorithmIdentifier;
  readonly data: OctetString;
}

type Encrypt = (plain: Uint8Array, passphrase: string) => Promise<Encrypted>;

const SCHEMES: Readonly<
  Record<
    Pkcs12Scheme,
    { readonly encrypt: Encrypt; readonly mac: readonly [hash: string, oid: string] }
  >
> = {
  modern: { encrypt: encryptPbes2, mac: ['sha256', OID.sha256] },
  compatible: { encrypt: encryptLegacy, mac: ['sha1', OID.sha1] },
};

export async function writePkcs12(
  { friendlyName, certificates, key }: Pkcs12Input,
  passphrase: string,
  scheme: Pkcs12Scheme,
): Promise<Uint8Array> {
  const { encrypt, mac } = SCHEMES[scheme];
  const own = [
    attribute(OID.friendlyName, new BmpString({ value: friendlyName })),
    // By it a reader knows which certificate is the key's (RFC 7292 §4.2).
    attribute(OID.localKeyId, new OctetString({ valueHex: LOCAL_KEY_ID })),
  ];
  const shrouded = await encrypt(key, passphrase);
  const keyBag = new SafeBag({
    bagId: OID.shroudedKeyBag,
    bagValue: new PKCS8ShroudedKeyBag({
      encryptionAlgorithm: shrouded.algorithm,
      encryptedData: shrouded.data,
    }),
    bagAttributes: own,
  });
  const certificateBags = certificates.map(
    (der, index) =>
      new SafeBag({
        bagId: OID.certBag,
        bagValue: new CertBag({
          certId: OID.x509Certificate,
          certValue: new OctetString({ valueHex: der }),
        }),
        ...(index === 0 ? { bagAttributes: own } : {}),
      }),
  );
  const hidden = await encrypt(contentsOf(certificateBags), passphrase);
  const safe = new AuthenticatedSafe({
    safeContents: [dataContent(contentsOf([keyBag])), encryptedContent(hidden)],
  });
  const content = new Uint8Array(safe.toSchema().toBER());
  const file = new PFX({
    version: 3,
    authSafe: dataContent(content),
    macData: macOf(content, passphrase, mac),
  });
  return new Uint8Array(file.toSchema().toBER());
}

function attribute(type: string, value: BmpString | OctetString): Attribute {
  return new Attribute({ type, values: [value] });
}

function contentsOf(safeBags: SafeBag[]): Uint8Array {
  return new Uint8Array(new SafeContents({ safeBags }).toSchema().toBER());
}

function dataContent(bytes: Uint8Array): ContentInfo {
  return new ContentInfo({ contentType: OID.data, content: new OctetString({ valueHex: bytes }) });
}

function encryptedContent({ algorithm, data }: Encrypted): ContentInfo {
  const encryptedContentInfo = new EncryptedContentInfo({
    contentType: OID.data,
    contentEncryptionAlgorithm: algorithm,
    encryptedContent: data,
    // In one piece: NSS reads no other.
    disableSplit: true,
  });
  const content = new EncryptedData({ version: 0, encryptedContentInfo });
  return new ContentInfo({ contentType: OID.encryptedData, content: content.toSchema() });
}

/** RFC 8018 §6.2. */
async function encryptPbes2(plain: Uint8Array, passphrase: string): Promise<Encrypted> {
  const [salt, iv] = [randomBytes(SALT_BYTES), randomBytes(16)];
  const keyDerivationFunc = new AlgorithmIdentifier({
    algorithmId: OID.pbkdf2,
    algorithmParams: new PBKDF2Params({
      salt: new OctetString({ valueHex: salt }),
      iterationCount: PBKDF2_ROUNDS,
      prf: new AlgorithmIdentifier({ algorithmId: OID.hmacSha256, algorithmParams: new Null() }),
    }).toSchema(),
  });
  const key = await deriveKey(keyDerivationFunc, new Passphrase(passphrase), 32);
  const params = new PBES2Params({
    keyDerivationFunc,
    encryptionScheme: new AlgorithmIdentifier({
      algorithmId: OID.aes256Cbc,
      algorithmParams: new OctetString({ valueHex: iv }),
    }),
  });
  return {
    algorithm: new AlgorithmIdentifier({
      algorithmId: OID.pbes2,
      algorithmParams: params.toSchema(),
    }),
    data: encryptCbc('aes-256-cbc', { key, iv, plain }),
  };
}

/** RFC 7292 appendix C. */
function encryptLegacy(plain: Uint8Array, passphrase: string): Promise<Encrypted> {
  const salt = randomBytes(SALT_BYTES);
  const common = { hash: 'sha1', ...legacyOf(passphrase), salt, iterations: LEGACY_ROUNDS };
  const key = deriveLegacy({ ...common, purpose: PURPOSE.key, length: 24 });
  const iv = deriveLegacy({ ...common, purpose: PURPOSE.iv, length: 8 });
  const algorithmParams = new Sequence({
    value: [new OctetString({ valueHex: salt }), new Integer({ value: LEGACY_ROUNDS })],
  });
  return Promise.resolve({
    algorithm: new AlgorithmIdentifier({ algorithmId: OID.sha1And3Des, algorithmParams }),
    data: encryptCbc('des-ede3-cbc', { key, iv, plain }),
  });
}

function legacyOf(text: string): Pick<LegacyDerivation, 'passphrase' | 'bytes'> {
  const passphrase = new Passphrase(text);
  const [bytes = new Uint8Array(0)] = legacyPassphrases(passphrase);
  return { passphrase, bytes };
}

function encryptCbc(
  cipher: string,
  { key, iv, plain }: { key: Uint8Array; iv: Uint8Array; plain: Uint8Array },
): OctetString {
  const cipherer = createCipheriv(cipher, key, iv);
  return new OctetString({ valueHex: Buffer.concat([cipherer.update(plain), cipherer.final()]) });
}

/** RFC 7292 §4, over everything: a wrong passphrase shows before anything is opened. */
function macOf(
  content: Uint8Array,
  passphrase: string,
  [hash, oid]: readonly [hash: string, oid: string],
): MacData {
  const salt = randomBytes(SALT_BYTES);
  const length = hash === 'sha1' ? 20 : 32;
  const key = deriveLegacy({
    ...{ hash, ...legacyOf(passphrase), salt, iterations: LEGACY_ROUNDS },
    ...{ purpose: PURPOSE.mac, length },
  });
  const digest = createHmac(hash, key).update(content).digest();
  return new MacData({
    mac: new DigestInfo({
      digestAlgorithm: new AlgorithmIdentifier({ algorithmId: oid, algorithmParams: new Null() }),
      digest: new OctetString({ valueHex: digest }),
    }),
    macSalt: new OctetString({ valueHex: salt }),
    iterations: LEGACY_ROUNDS,
  });
}
