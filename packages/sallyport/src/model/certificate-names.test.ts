import { describe, expect, it } from 'vitest';
import { readAltName, readDistinguishedName } from './certificate-names.ts';

describe('readDistinguishedName', () => {
  it('keeps the order that was written', () => {
    expect(readDistinguishedName('C=CH, o=Example Org,CN=gw.example').value).toEqual([
      { C: ['CH'] },
      { O: ['Example Org'] },
      { CN: ['gw.example'] },
    ]);
  });

  it.each([
    ['CN=gw"1', 'CN may hold letters'],
    ['CN=gw\n1', 'CN may hold letters'],
    ['CN=gw\0', 'CN may hold letters'],
    ['CN=zürich', 'CN may hold letters'],
    [`CN=${'x'.repeat(65)}`, 'CN may have 64 characters at most'],
    ['C=Switzerland', 'C may have 2 characters at most'],
    ['C=ch', 'C is a country in two capitals'],
    ['X=1', '"X" is none of C, ST, L, O, OU, CN'],
    ['gw.example', 'it must be TYPE=value'],
    ['CN=', 'it must be TYPE=value'],
    ['', 'it must be TYPE=value'],
  ])('refuses %j', (text, message) => {
    expect(readDistinguishedName(text).fault).toMatchObject({
      value: text,
      message: expect.stringContaining(message) as string,
    });
  });
});

describe('readAltName', () => {
  it.each([
    ['GW.example', { type: 'dns', value: 'gw.example' }],
    ['dns:gw', { type: 'dns', value: 'gw' }],
    ['*.example.org', { type: 'dns', value: '*.example.org' }],
    ['192.0.2.1', { type: 'ip', value: '192.0.2.1' }],
    ['ip:2001:DB8:0::1', { type: 'ip', value: '2001:db8::1' }],
    ['ops@example.org', { type: 'email', value: 'ops@example.org' }],
  ])('takes %s', (text, value) => {
    expect(readAltName(text).value).toEqual(value);
  });

  it.each([
    ['gw example', 'no DNS name'],
    ['-gw.example', 'no DNS name'],
    ['gw..example', 'no DNS name'],
    ['zürich.example', 'no DNS name'],
    ['gw\n.example', 'no DNS name'],
    ['', 'no DNS name'],
    ['300.1.1.1', 'no DNS name'],
    ['1.2.3', 'no DNS name'],
    ['ip:gw.example', 'no address'],
    ['a b@example.org', 'no mail address'],
  ])('refuses %j', (text, message) => {
    expect(readAltName(text).fault?.message).toContain(message);
  });
});
