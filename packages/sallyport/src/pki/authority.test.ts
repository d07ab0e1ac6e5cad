import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { KeyType } from '../model/key-type.ts';
import { type Authority, createAuthority, createCrl, issueCertificate } from './authority.ts';
import { generateKeys } from './keys.ts';
import { toPem } from './pem.ts';
import type { X509Certificate, X509Crl } from './x509.ts';

let directory: string;

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'sallyport-pki-'));
});
afterAll(() => {
  rmSync(directory, { recursive: true });
});

const NOW = new Date('2026-11-21T12:00:00.500Z');
const ANY = { permitted: [], crlUrls: [] };

function write(name: string, { rawData }: X509Certificate | X509Crl): string {
  const path = join(directory, name);
  const der = new Uint8Array(rawData);
  writeFileSync(path, name.endsWith('.crl') ? der : toPem('CERTIFICATE', der));
  return path;
}

function root(keyType: KeyType, days = 3_650): Promise<Authority> {
  return createAuthority(
    { ...ANY, subject: [{ O: ['Example'] }, { CN: ['Root'] }], keyType, days, pathLength: 1 },
    NOW,
  );
}

async function leafOf(issuer: Authority, keyType: KeyType): Promise<X509Certificate> {
  const { publicKey } = await generateKeys(keyType);
  return issueCertificate(
    issuer,
    {
      subject: [{ O: ['Example'] }, { CN: ['gw.example'] }],
      altNames: [
        { type: 'dns', value: 'gw.example' },
        { type: 'ip', value: '192.0.2.1' },
        { type: 'ip', value: '2001:db8::1' },
      ],
      publicKey,
      days: 365,
      crlUrls: ['http://pki.example/root.crl'],
    },
    NOW,
  );
}

function verify(...args: string[]): { readonly ok: boolean; readonly output: string } {
  const at = String(Math.floor(NOW.getTime() / 1_000));
  const { status, stdout, stderr } = spawnSync(
    'openssl',
    ['verify', '-x509_strict', '-attime', at, ...args],
    { encoding: 'utf8' },
  );
  return { ok: status === 0, output: stdout + stderr };
}

describe('an authority', () => {
  it('puts the names, the usages and the whole seconds of its validity into a certificate', async () => {
    const top = await root('ecdsa-p256');
    const path = write('leaf.pem', await leafOf(top, 'ecdsa-p256'));
    const text = execFileSync('openssl', ['x509', '-in', path, '-noout', '-text'], {
      encoding: 'utf8',
    });
    expect(text).toMatch(/Subject: O = Example, CN = gw\.example/);
    expect(text).toMatch(/DNS:gw\.example, IP Address:192\.0\.2\.1, IP Address:2001:DB8/);
    expect(text).toMatch(/X509v3 Key Usage: critical\s+Digital Signature\n/);
    expect(text).toMatch(
      /TLS Web Server Authentication, TLS Web Client Authentication, ipsec Internet Key Exchange/,
    );
    expect(text).toMatch(
      /Not Before: Nov 21 11:00:00 2026 GMT\s+Not After : Nov 21 12:00:00 2027 GMT/,
    );
    expect(text).toMatch(/URI:http:\/\/pki\.example\/root\.crl/);
  });

  it('certifies nothing that outlives it, and can live beyond 2049', async () => {
    const short = await root('ecdsa-p256', 100);
    expect((await leafOf(short, 'ecdsa-p256')).notAfter).toEqual(short.certificate.notAfter);
    const long = await root('ecdsa-p256', 365 * 40);
    expect(long.certificate.notAfter.getUTCFullYear()).toBe(2066);
    const path = write('long.pem', long.certificate);
    expect(verify('-CAfile', path, path).ok).toBe(true);
  });

  it('names in its list what it has revoked, and openssl refuses that', async () => {
    const top = await root('ecdsa-p384');
    const [good, bad] = [await leafOf(top, 'ecdsa-p256'), await leafOf(top, 'ecdsa-p256')];
    const at = NOW.toISOString();
    const crl = await createCrl(
      top,
      [
        { serial: bad.serialNumber, at, reason: 'key-compromise' },
        { serial: 'abcd', at, reason: 'unspecified' },
      ],
      { number: 7, days: 30 },
      NOW,
    );
    const list = write('list.crl', crl);
    const text = execFileSync('openssl', ['crl', '-in', list, '-noout', '-text'], {
      encoding: 'utf8',
    });
    expect(text).toMatch(/X509v3 CRL Number:\s+7/);
    expect(text).toMatch(/Key Compromise/);
    // RFC 5280 §5.1: a list of extensions has at least one.
    const asn1 = execFileSync('openssl', ['asn1parse', '-inform', 'DER', '-in', list], {
      encoding: 'utf8',
    });
    expect(asn1).not.toMatch(/l= +0 cons: SEQUENCE/);
    expect(text).toMatch(/Next Update: Dec 21 12:00:00 2026 GMT/);
    const trust = [
      '-CAfile',
      write('crl-root.pem', top.certificate),
      '-CRLfile',
      list,
      '-crl_check',
    ];
    expect(verify(...trust, write('good.pem', good)).output).toMatch(/OK/);
    expect(verify(...trust, write('bad.pem', bad)).output).toMatch(/certificate revoked/);
  });
});
