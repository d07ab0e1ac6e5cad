/**
 * strongSwan's proposal keywords: which part of a suite each one names, what the daemon calls the
 * algorithm in `get-algorithms`, and why it is too weak, if it is (RFC 8221 for ESP, RFC 8247 for IKE).
 */

export type KeywordKind = 'encryption' | 'aead' | 'integrity' | 'prf' | 'key-exchange' | 'esn';

export interface Keyword {
  readonly kind: KeywordKind;
  /** Name in `get-algorithms`; absent: not an algorithm, nothing to ask for. */
  readonly algorithm?: string;
  /** Why it should not be used any more; absent: it may. */
  readonly weakness?: string;
  /** Only this protocol can use it; absent: both. */
  readonly only?: 'ike' | 'esp';
}

const BROKEN_CIPHER = '64-bit blocks or short keys';
const BROKEN_HASH = 'MD5 and SHA-1 are broken as hashes';
const SMALL_GROUP = 'a group of less than 2048 bits';
const DOUBTFUL_GROUP = 'RFC 8247 §2.4 advises against groups 22, 23 and 24';
const SMALL_CURVE = 'a curve of less than 256 bits';
const NO_SECURITY = 'protects nothing';

type Entry = readonly [names: string, algorithm: string, weakness?: string];

function entries(kind: KeywordKind, table: readonly Entry[]): [string, Keyword][] {
  return table.flatMap(([names, algorithm, weakness]) =>
    names
      .split(' ')
      .map((name): [string, Keyword] => [
        name,
        { kind, algorithm, ...(weakness === undefined ? {} : { weakness }) },
      ]),
  );
}

const KEY_BITS = [128, 192, 256] as const;

const ENCRYPTION = entries('encryption', [
  ['null', 'NULL', NO_SECURITY],
  ['des', 'DES_CBC', BROKEN_CIPHER],
  ['3des', '3DES_CBC', BROKEN_CIPHER],
  ['aes', 'AES_CBC'],
  ['blowfish blowfish128 blowfish192 blowfish256', 'BLOWFISH_CBC', BROKEN_CIPHER],
  ['cast128', 'CAST_CBC', BROKEN_CIPHER],
  ['camellia', 'CAMELLIA_CBC'],
  ['serpent serpent128 serpent192 serpent256', 'SERPENT_CBC'],
  ['twofish twofish128 twofish192 twofish256', 'TWOFISH_CBC'],
  ...KEY_BITS.flatMap((bits): Entry[] => [
    [`aes${String(bits)}`, 'AES_CBC'],
    [`aes${String(bits)}ctr`, 'AES_CTR'],
    [`camellia${String(bits)}`, 'CAMELLIA_CBC'],
    [`camellia${String(bits)}ctr`, 'CAMELLIA_CTR'],
  ]),
]);

/** The length of the tag is written in bytes or in bits; without it, it is 16 bytes. */
function aeadEntries(cipher: string, mode: 'ccm' | 'gcm'): Entry[] {
  const bytes = [8, 12, 16] as const;
  return KEY_BITS.flatMap((bits) =>
    bytes.map((tag): Entry => {
      const stem = `${cipher}${String(bits)}${mode}`;
      const names = [`${stem}${String(tag)}`, `${stem}${String(tag * 8)}`];
      if (tag === 16) names.push(stem);
      const algorithm = `${cipher.toUpperCase()}_${mode.toUpperCase()}_${String(tag)}`;
      return [names.join(' '), algorithm];
    }),
  );
}

const AEAD = entries('aead', [
  ...aeadEntries('aes', 'gcm'),
  ...aeadEntries('aes', 'ccm'),
  ...aeadEntries('camellia', 'ccm'),
  ['chacha20poly1305', 'CHACHA20_POLY1305'],
]);

/** Authentication without secrecy: AES-GMAC is for ESP only (RFC 4543). */
const GMAC: [string, Keyword][] = KEY_BITS.map((bits) => [
  `aes${String(bits)}gmac`,
  { kind: 'aead', algorithm: 'NULL_AES_GMAC', weakness: 'encrypts nothing', only: 'esp' },
]);

const INTEGRITY = entries('integrity', [
  ['md5', 'HMAC_MD5_96', BROKEN_HASH],
  ['md5_128', 'HMAC_MD5_128', BROKEN_HASH],
  ['sha sha1', 'HMAC_SHA1_96', BROKEN_HASH],
  ['sha1_160', 'HMAC_SHA1_160', BROKEN_HASH],
  ['sha256 sha2_256', 'HMAC_SHA2_256_128'],
  ['sha256_96 sha2_256_96', 'HMAC_SHA2_256_96', 'a draft form cut to 96 bits'],
  ['sha384 sha2_384', 'HMAC_SHA2_384_192'],
  ['sha512 sha2_512', 'HMAC_SHA2_512_256'],
  ['aesxcbc', 'AES_XCBC_96'],
  ['aescmac', 'AES_CMAC_96'],
  ['camelliaxcbc', 'CAMELLIA_XCBC_96'],
]);

const PRF = entries('prf', [
  ['prfmd5', 'PRF_HMAC_MD5', BROKEN_HASH],
  ['prfsha1', 'PRF_HMAC_SHA1', BROKEN_HASH],
  ['prfsha256', 'PRF_HMAC_SHA2_256'],
  ['prfsha384', 'PRF_HMAC_SHA2_384'],
  ['prfsha512', 'PRF_HMAC_SHA2_512'],
  ['prfaesxcbc', 'PRF_AES128_XCBC'],
  ['prfaescmac', 'PRF_AES128_CMAC'],
  ['prfcamelliaxcbc', 'PRF_CAMELLIA128_XCBC'],
]).map(([name, keyword]): [string, Keyword] => [name, { ...keyword, only: 'ike' }]);

const KEY_EXCHANGE = entries('key-exchange', [
  ['modpnull', 'MODP_NULL', NO_SECURITY],
  ['modp768', 'MODP_768', SMALL_GROUP],
  ['modp1024', 'MODP_1024', SMALL_GROUP],
  ['modp1536', 'MODP_1536', SMALL_GROUP],
  ['modp2048', 'MODP_2048'],
  ['modp3072', 'MODP_3072'],
  ['modp4096', 'MODP_4096'],
  ['modp6144', 'MODP_6144'],
  ['modp8192', 'MODP_8192'],
  ['modp1024s160', 'MODP_1024_160', DOUBTFUL_GROUP],
  ['modp2048s224', 'MODP_2048_224', DOUBTFUL_GROUP],
  ['modp2048s256', 'MODP_2048_256', DOUBTFUL_GROUP],
  ['ecp192', 'ECP_192', SMALL_CURVE],
  ['ecp224', 'ECP_224', SMALL_CURVE],
  ['ecp224bp', 'ECP_224_BP', SMALL_CURVE],
  ['ecp256', 'ECP_256'],
  ['ecp384', 'ECP_384'],
  ['ecp521', 'ECP_521'],
  ['ecp256bp', 'ECP_256_BP'],
  ['ecp384bp', 'ECP_384_BP'],
  ['ecp512bp', 'ECP_512_BP'],
  ['curve25519 x25519', 'CURVE_25519'],
  ['curve448 x448', 'CURVE_448'],
  ['mlkem512', 'ML_KEM_512'],
  ['mlkem768', 'ML_KEM_768'],
  ['mlkem1024', 'ML_KEM_1024'],
]);

const OTHERS: [string, Keyword][] = [
  ['none', { kind: 'key-exchange' }],
  ['modpnone', { kind: 'key-exchange' }],
  ['esn', { kind: 'esn', only: 'esp' }],
  ['noesn', { kind: 'esn', only: 'esp' }],
];

const KEYWORDS: ReadonlyMap<string, Keyword> = new Map([
  ...ENCRYPTION,
  ...AEAD,
  ...GMAC,
  ...INTEGRITY,
  ...PRF,
  ...KEY_EXCHANGE,
  ...OTHERS,
]);

/** Additional key exchanges 1 to 7 (RFC 9370), from strongSwan 6.0: `ke1_mlkem768`. */
const ADDITIONAL = /^ke[1-7]_(?<method>.+)$/;

export interface FoundKeyword extends Keyword {
  /** A further key exchange, which cannot stand alone. */
  readonly additional: boolean;
}

/** What a keyword names; absent: strongSwan has no such keyword. */
export function findKeyword(text: string): FoundKeyword | undefined {
  const method = ADDITIONAL.exec(text)?.groups?.['method'];
  if (method === undefined) {
    const keyword = KEYWORDS.get(text);
    return keyword === undefined ? undefined : { ...keyword, additional: false };
  }
  const keyword = KEYWORDS.get(method);
  return keyword?.kind === 'key-exchange' ? { ...keyword, additional: true } : undefined;
}

/** Keywords of a kind, or all, for hints. */
export function keywordNames(kind?: KeywordKind): string[] {
  return [...KEYWORDS]
    .filter(([, keyword]) => kind === undefined || keyword.kind === kind)
    .map(([name]) => name);
}
