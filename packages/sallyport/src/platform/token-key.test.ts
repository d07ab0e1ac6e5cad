import { afterEach, describe, expect, it, vi } from 'vitest';
import { ensureTokenKey } from './token-key.ts';

afterEach(() => {
  vi.unstubAllEnvs();
});

describe('ensureTokenKey', () => {
  it('says that the tool is not installed', async () => {
    vi.stubEnv('PATH', '/nowhere');
    const place = { module: '/usr/lib/p11.so', token: 'vpn', object: 'site' };
    await expect(ensureTokenKey(place, '123456', 'ecdsa-p256')).rejects.toThrow(
      'keys in tokens need pkcs11-tool: install it (Debian: opensc)',
    );
  });
});
