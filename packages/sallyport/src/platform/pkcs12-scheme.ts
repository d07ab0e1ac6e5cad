/**
 * How a PKCS#12 file is protected. `modern`: AES-256 and HMAC-SHA-256, as OpenSSL 3 writes it. `compatible`: 3DES and SHA-1,
 * for Windows before 2019, macOS before 15 and old NSS.
 */
export const PKCS12_SCHEMES = ['modern', 'compatible'] as const;

export type Pkcs12Scheme = (typeof PKCS12_SCHEMES)[number];
