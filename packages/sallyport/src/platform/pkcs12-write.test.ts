import { execFileSync, spawnSync } from 'node:child_process';
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { mkdirSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parsePkcs12 } from './pkcs12.ts';
import { PKCS12_SCHEMES } from './pkcs12-scheme.ts';
import { writePkcs12 } from './pkcs12-write.ts';
import { KEY_KINDS, PASSPHRASE, StrangerPki } from './testing/stranger-pki.ts';

const CASES = KEY_KINDS.flatMap((keyKind) => PKCS12_SCHEMES.map((scheme) => ({ keyKind, scheme })));
/** As strongSwan and NSS name them; NSS 3.87 knows no Ed25519. */
const READ_AS = {
  ec: { strongswan: 'ECDSA 256 bits', nss: 'ec' },
  rsa: { strongswan: 'RSA 2048 bits', nss: 'rsa' },
  ed25519: { strongswan: 'ED25519 256 bits', nss: undefined },
} as const;

describe.each(CASES)('a PKCS#12 file, $scheme, with a key of $keyKind', ({ keyKind, scheme }) => {
  let pki: StrangerPki;
  let certificates: Uint8Array[];
  let key: Uint8Array;
  const write = async (name: string, passphrase: string): Promise<string> =>
    pki.write(
      name,
      await writePkcs12({ friendlyName: 'gw', certificates, key }, passphrase, scheme),
    );
  let path: string;

  beforeAll(async () => {
    pki = new StrangerPki();
    pki.certifyChain(keyKind);
    certificates = ['gw', 'site', 'root'].map(
      (name) => new X509Certificate(pki.read(`${name}.crt`)).raw,
    );
    key = createPrivateKey(pki.read('gw.key')).export({ format: 'der', type: 'pkcs8' });
    path = await write('gw.p12', PASSPHRASE);
  });
  afterAll(() => {
    pki[Symbol.dispose]();
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
    const text = pki.openssl('pkcs12 -in gw.p12 -passin {pass} -nodes', ...legacy);
    expect(text.match(/BEGIN CERTIFICATE/g)).toHaveLength(3);
    expect(text).toMatch(/BEGIN PRIVATE KEY/);
    expect(text).toMatch(/friendlyName: gw/);
  });

  it("is read by strongSwan's pki", async () => {
    // It takes each byte of a passphrase for a letter, so that only ASCII opens all kinds of keys.
    const file = await write('ascii.p12', 'correct horse');
    // Without a terminal it takes the passphrase from its input.
    const text = execFileSync('setsid', ['--wait', 'pki', '--pkcs12', '--list', '--in', file], {
      ...{ input: 'correct horse\n', encoding: 'utf8', stdio: 'pipe' },
    });
    for (const name of ['CN=gw.example', 'O=Stranger, CN=Site', 'O=Stranger, CN=Root'])
      expect(text).toContain(`"${name}"`);
    expect(text).toContain(READ_AS[keyKind].strongswan);
  });

  it.skipIf(READ_AS[keyKind].nss === undefined)(
    'is read by NSS, which is what Libreswan reads with',
    () => {
      const database = `sql:${pki.file('nss')}`;
      mkdirSync(pki.file('nss'));
      execFileSync('certutil', ['-N', '-d', database, '--empty-password']);
      const { status, stdout, stderr } = spawnSync(
        'pk12util',
        ['-i', path, '-d', database, '-W', PASSPHRASE],
        { encoding: 'utf8' },
      );
      expect([status, stdout, stderr]).toEqual([0, 'pk12util: PKCS12 IMPORT SUCCESSFUL\n', '']);
      const keys = execFileSync('certutil', ['-K', '-d', database], { encoding: 'utf8' });
      expect(keys).toMatch(new RegExp(`${String(READ_AS[keyKind].nss)}\\s+[0-9a-f]{40}\\s+gw`));
    },
  );
});
