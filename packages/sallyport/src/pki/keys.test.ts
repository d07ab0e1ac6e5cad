import { execFileSync } from 'node:child_process';
import { KeyObject } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { KEY_TYPES } from '../model/key-type.ts';
import { generateGatewayKeys } from './keys.ts';

describe('the private key of a gateway', () => {
  it.each(KEY_TYPES)('is read by openssl and strongSwan: %s', async (type) => {
    const { key, publicKey } = await generateGatewayKeys(type);
    const wanted = KeyObject.from(publicKey).export({ format: 'pem', type: 'spki' });
    const options = { input: key, encoding: 'utf8', stdio: 'pipe' } as const;
    expect(execFileSync('openssl', ['pkey', '-pubout'], options)).toBe(wanted);
    const pki = ['--pub', '--type', 'priv', '--outform', 'pem'];
    expect(execFileSync('pki', pki, options)).toBe(wanted);
  });
});
