import { execFileSync } from 'node:child_process';
import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import { describe, expect, it, vi } from 'vitest';
import { decryptKey, encryptKey } from './encrypted-key.ts';

// As dear as for people.
vi.unmock('./scrypt-cost.ts');

const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });

describe('a key at rest', () => {
  it('is opened by its passphrase, by us and by openssl', async () => {
    const pem = await encryptKey(privateKey, 'correct horse');
    expect(decryptKey(pem, 'correct horse').equals(privateKey)).toBe(true);
    const opened = execFileSync('openssl', ['pkey', '-passin', 'pass:correct horse', '-pubout'], {
      input: pem,
      encoding: 'utf8',
    });
    expect(opened).toBe(createPublicKey(privateKey).export({ type: 'spki', format: 'pem' }));
  });

  it('is never written twice alike', async () => {
    expect(await encryptKey(privateKey, 'x')).not.toBe(await encryptKey(privateKey, 'x'));
  });

  it('says which of both is wrong, the passphrase or the file', async () => {
    const pem = await encryptKey(privateKey, 'right');
    expect(() => decryptKey(pem, 'wrong')).toThrow('the passphrase does not open the key');
    expect(() => decryptKey(pem.slice(0, 150), 'right')).toThrow('holds no encrypted private key');
    expect(() => decryptKey('nothing', 'right')).toThrow('holds no encrypted private key');
  });
});
