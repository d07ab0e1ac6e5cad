import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parsePkcs12 } from './pkcs12.ts';
import { PKCS12_SCHEMES } from './pkcs12-scheme.ts';
import { writePkcs12 } from './pkcs12-write.ts';

const PASSPHRASE = 'correct höpse';

let directory: string;
let certificates: Uint8Array[];
let key: Uint8Array;

function openssl(...args: string[]): Buffer {
  return execFileSync('openssl', args, { cwd: directory, stdio: ['ignore', 'pipe', 'ignore'] });
}

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'sallyport-p12-'));
  const fresh = (name: string, subject: string): string[] => [
    ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'],
    ...['-keyout', `${name}.key`, '-out', `${name}.crt`, '-subj', subject],
  ];
  openssl(...fresh('ca', '/CN=Root'));
  openssl(...fresh('gw', '/CN=gw.example'), '-CA', 'ca.crt', '-CAkey', 'ca.key');
  certificates = ['gw.crt', 'ca.crt'].map((name) =>
    openssl('x509', '-in', name, '-outform', 'DER'),
  );
  key = openssl('pkcs8', '-topk8', '-nocrypt', '-in', 'gw.key', '-outform', 'DER');
});
afterAll(() => {
  rmSync(directory, { recursive: true });
});

describe.each(PKCS12_SCHEMES)('a PKCS#12 file, %s', (scheme) => {
  let path: string;

  beforeAll(async () => {
    path = join(directory, `${scheme}.p12`);
    writeFileSync(
      path,
      await writePkcs12({ friendlyName: 'gw', certificates, key }, PASSPHRASE, scheme),
    );
  });

  it('is read by us as it was written', async () => {
    const bytes = readFileSync(path);
    const { ok, content } = (await parsePkcs12(bytes, PASSPHRASE)) as Extract<
      Awaited<ReturnType<typeof parsePkcs12>>,
      { ok: true }
    >;
    expect(ok).toBe(true);
    expect(content.certificates.map((der) => Buffer.from(der))).toEqual(
      certificates.map((der) => Buffer.from(der)),
    );
    expect(content.keys.map((der) => Buffer.from(der))).toEqual([Buffer.from(key)]);
    expect((await parsePkcs12(bytes, 'wrong one')).ok).toBe(false);
  });

  it('is read by openssl, with its name', () => {
    const legacy = scheme === 'compatible' ? ['-legacy'] : [];
    const text = openssl(
      'pkcs12',
      '-in',
      path,
      '-passin',
      `pass:${PASSPHRASE}`,
      '-nodes',
      ...legacy,
    );
    expect(text.toString().match(/BEGIN CERTIFICATE/g)).toHaveLength(2);
    expect(text.toString()).toMatch(/BEGIN PRIVATE KEY/);
    expect(text.toString()).toMatch(/friendlyName: gw/);
  });

  it('is read by NSS, which is what Libreswan reads with', () => {
    const database = join(directory, `nss-${scheme}`);
    execFileSync('mkdir', [database]);
    execFileSync('certutil', ['-N', '-d', `sql:${database}`, '--empty-password']);
    const { status, stdout, stderr } = spawnSync(
      'pk12util',
      ['-i', path, '-d', `sql:${database}`, '-W', PASSPHRASE],
      { encoding: 'utf8' },
    );
    expect([status, stdout, stderr]).toEqual([0, 'pk12util: PKCS12 IMPORT SUCCESSFUL\n', '']);
    const keys = execFileSync('certutil', ['-K', '-d', `sql:${database}`], { encoding: 'utf8' });
    expect(keys).toMatch(/ec\s+[0-9a-f]{40}\s+gw/);
  });
});
