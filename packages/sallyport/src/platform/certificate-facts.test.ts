import { execFileSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { provesIdentity } from '../model/identity.ts';
import { certificateDetails } from './certificate-details.ts';
import { certificateFacts } from './certificate-facts.ts';

let directory: string;

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'sallyport-facts-'));
});
afterAll(() => {
  rmSync(directory, { recursive: true });
});

function make(...options: readonly string[]): X509Certificate {
  const [key, certificate] = [join(directory, 'a.key'), join(directory, 'a.crt')];
  execFileSync(
    'openssl',
    [
      ...['req', '-x509', '-nodes', '-subj', '/CN=gw', '-set_serial', '0x4AFF'],
      ...['-keyout', key, '-out', certificate, ...options],
    ],
    { stdio: 'ignore' },
  );
  return new X509Certificate(readFileSync(certificate));
}

const P256 = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256'];
const PSS = ['-newkey', 'rsa:2048', '-sigopt', 'rsa_padding_mode:pss'];

describe('certificateFacts', () => {
  it.each([
    { options: [...P256, '-sha384'], key: { type: 'ec', curve: 'prime256v1' }, hash: 'sha384' },
    { options: ['-newkey', 'rsa:2048', '-sha1'], key: { type: 'rsa', bits: 2048 }, hash: 'sha1' },
    { options: ['-newkey', 'ed25519'], key: { type: 'ed25519' }, hash: undefined },
    { options: [...PSS, '-sha384'], key: { type: 'rsa', bits: 2048 }, hash: 'sha384' },
    { options: [...PSS, '-sha1'], key: { type: 'rsa', bits: 2048 }, hash: 'sha1' },
  ])('tell of $options key and signature', ({ options, key, hash }) => {
    const certificate = make(...options);
    const facts = { ...certificateFacts(certificate), ...certificateDetails(certificate) };
    expect(facts).toMatchObject({ key, serial: '4aff' });
    expect(facts.signatureHash).toBe(hash);
  });

  it('tell what the certificate is limited to', () => {
    const certificate = make(
      ...[...P256, '-addext', 'keyUsage=critical,digitalSignature,cRLSign,decipherOnly'],
      ...['-addext', 'extendedKeyUsage=serverAuth,1.3.6.1.5.5.7.3.17'],
    );
    expect({ ...certificateFacts(certificate), ...certificateDetails(certificate) }).toMatchObject({
      keyUsages: ['digitalSignature', 'cRLSign', 'decipherOnly'],
      extendedKeyUsages: ['1.3.6.1.5.5.7.3.1', '1.3.6.1.5.5.7.3.17'],
    });
  });

  it.each([
    ['CN=gw', true],
    ['gw.example', true],
    ['fqdn:GW.example', true],
    ['192.0.2.1', true],
    ['2001:db8:0::1', true],
    ['ops@gw.example', true],
    ['gw', false],
    ['CN=gw.example', false],
    ['192.0.2.2', false],
    ['other@gw.example', false],
  ])('tell whether the certificate proves %s: %s', (id, proves) => {
    const names = 'DNS:gw.example,IP:192.0.2.1,IP:2001:db8::1,email:ops@gw.example';
    const facts = certificateFacts(make(...P256, '-addext', `subjectAltName=${names}`));
    expect(provesIdentity(facts, id)).toBe(proves);
  });

  it('tell of no limits where there are none', () => {
    const certificate = make(...P256);
    expect(certificateFacts(certificate)).not.toHaveProperty('extendedKeyUsages');
    expect(certificateDetails(certificate)).toEqual({});
  });

  it('go without what the library cannot read', () => {
    expect(certificateDetails({ raw: Buffer.from([0x30, 0x80]) })).toEqual({});
  });
});
