import { createHash, createPrivateKey, generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { keyIdOf } from './key-id.ts';

describe('the id of a key', () => {
  it('is the hash of the bare public key, here of the example in RFC 8410 §10.3', () => {
    const seed = 'MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC';
    const key = createPrivateKey({
      key: Buffer.from(seed, 'base64'),
      format: 'der',
      type: 'pkcs8',
    });
    expect(keyIdOf(key)).toBe('a28cc1f86e5960d3e03ae75c962c97a8d448293c');
  });

  it('is for RSA the hash of the key in PKCS #1, which is longer than one byte of length tells', () => {
    const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2_048 });
    const bare = publicKey.export({ format: 'der', type: 'pkcs1' });
    expect(keyIdOf(privateKey)).toBe(createHash('sha1').update(bare).digest('hex'));
  });
});
