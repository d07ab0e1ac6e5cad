import { describe, expect, it } from 'vitest';
import { refusalOf } from './certificate-policy.ts';
import type { CertificateFacts } from './facts.ts';
import { authority, leaf } from './testing.ts';

const rsa = (bits: number, signatureHash: string): CertificateFacts => ({
  ...leaf,
  key: { type: 'rsa', bits },
  signatureHash,
});
const ec = (curve: string, signatureHash = 'sha384'): CertificateFacts => ({
  ...leaf,
  key: { type: 'ec', curve },
  signatureHash,
});
const ed25519: CertificateFacts = {
  ...{ ...leaf, signatureHash: 'sha384' },
  key: { type: 'ed25519' },
};

describe('refusalOf', () => {
  it.each([
    ['cnsa', ec('secp384r1'), undefined],
    ['cnsa', rsa(3072, 'sha384'), undefined],
    ['cnsa', rsa(2048, 'sha384'), 'an RSA key of 2048 bits'],
    ['cnsa', ec('secp384r1', 'sha256'), 'a signature with SHA256'],
    ['cnsa', ec('secp521r1'), 'an EC key on secp521r1'],
    ['cnsa', rsa(2048, 'sha1'), 'an RSA key of 2048 bits and a signature with SHA1'],
    ['fips', ec('prime256v1', 'sha256'), undefined],
    ['fips', rsa(2048, 'sha512'), undefined],
    ['fips', rsa(1024, 'sha256'), 'an RSA key of 1024 bits'],
    ['fips', rsa(2048, 'sha1'), 'a signature with SHA1'],
    ['fips', ec('brainpoolP256r1'), 'an EC key on brainpoolP256r1'],
    ['fips', ed25519, 'a key of type ed25519'],
    ['default', rsa(1024, 'sha1'), undefined],
    ['toString', rsa(1024, 'sha1'), undefined],
  ] as const)('by %s', (policy, certificate, what) => {
    expect(refusalOf(policy, certificate)?.what).toBe(what);
  });

  it('passes over the signature that an authority has put under itself', () => {
    const root = { ...authority, subject: 'CN=Root', issuer: 'CN=Root', signatureHash: 'sha1' };
    expect(refusalOf('cnsa', root)).toBeUndefined();
    expect(refusalOf('cnsa', { ...root, issuer: 'CN=Other' })?.what).toBe('a signature with SHA1');
  });
});
