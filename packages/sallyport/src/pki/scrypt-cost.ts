/** What a guess of a passphrase costs (RFC 7914 §2). A module of its own: tests make hundreds of keys, and pay less. */

export interface ScryptCost {
  readonly N: number;
  readonly r: number;
  readonly p: number;
}

/** 16 MiB of memory, which is as much as OpenSSL allows when it reads; five passes make up for it. */
export const SCRYPT: ScryptCost = { N: 2 ** 14, r: 8, p: 5 };
