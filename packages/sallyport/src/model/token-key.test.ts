import { describe, expect, it } from 'vitest';
import { readTokenUri } from './token-key.ts';

describe('readTokenUri', () => {
  it('reads where a key is, with what is percent-encoded', () => {
    const uri = 'pkcs11:token=my%20token;object=a%3bb?module-path=/usr/lib/p11.so';
    expect(readTokenUri(uri, 'site').value).toEqual({
      ...{ token: 'my token', object: 'a;b', module: '/usr/lib/p11.so' },
    });
  });

  it('calls the key like its authority where it is not named', () => {
    expect(readTokenUri('pkcs11:token=vpn?module-path=/p11.so', 'site').value?.object).toBe('site');
  });

  it.each([
    ['token=vpn?module-path=/p11.so', 'it is no pkcs11: URI'],
    ['pkcs11:object=site?module-path=/p11.so', 'it names no token'],
    ['pkcs11:token=vpn', 'it names no module-path from / on'],
    ['pkcs11:token=vpn?module-path=p11.so', 'it names no module-path from / on'],
    ['pkcs11:token=?module-path=/p11.so', 'what it says of token cannot be read'],
    ['pkcs11:token=%E0%A4?module-path=/p11.so', 'what it says of token cannot be read'],
    ['pkcs11:token=a%0ab?module-path=/p11.so', 'what it says of token cannot be read'],
    ['pkcs11:token=a;token=b?module-path=/p11.so', 'it may say token, object, module-path, each'],
    ['pkcs11:token=a;serial=1?module-path=/p11.so', 'it may say token, object, module-path, each'],
  ])('refuses %s', (uri, message) => {
    expect(readTokenUri(uri, 'site').fault?.message).toContain(message);
  });

  it('does not show a PIN that somebody wrote into it', () => {
    const { fault } = readTokenUri('pkcs11:token=vpn?module-path=/p11.so&pin-value=1234', 'site');
    expect(fault).toMatchObject({ value: '' });
  });
});
