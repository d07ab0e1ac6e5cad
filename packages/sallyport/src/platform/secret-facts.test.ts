import { chmod, cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SecretFacts } from '../model/facts.ts';
import type { ParsedObject } from '../model/parsed-object.ts';
import { PROBLEM_CODES, type ProblemCode } from '../model/problem-codes.ts';
import type { Secret, SecretSpec } from '../model/secret.ts';
import { collectSecretFacts } from './secret-facts.ts';
import { readSecretMaterial, SecretUnusableError } from './secret-material.ts';
import { SecretValue } from './secret-value.ts';

const SALT = Buffer.from('salt of this installation');
let dir = '';

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'sallyport-secrets-'));
  await cp(join(import.meta.dirname, 'testdata/secrets'), dir, { recursive: true });
  const write = async (name: string, content: string | Uint8Array, mode = 0o600): Promise<void> => {
    await writeFile(join(dir, name), content);
    await chmod(join(dir, name), mode);
  };
  await write('good.psk', 'correct horse');
  await write('newline.psk', 'correct horse\n');
  await write('windows.psk', 'correct horse\r\n');
  await write('two-newlines.psk', 'correct horse\n\n');
  await write('other.psk', 'battery staple');
  await write('open.psk', 'correct horse', 0o644);
  await write('empty.psk', '');
  await write('only-newline.psk', '\n');
  await write('long.psk', 'x'.repeat(1_025));
  await write('longest.psk', 'x'.repeat(1_024));
  await write('passphrase', 'sécret\n');
  await write('wrong', 'secret');
  await write('broken.pem', '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n');
  await write('broken.key', '-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n');
  await write('truncated.p12', Buffer.from('3082', 'hex'));
  await mkdir(join(dir, 'directory'));
  for (const name of [
    'gateway.key',
    'gateway-sec1.key',
    'gateway-key.der',
    'gateway-encrypted.key',
    'other.key',
    'nameless.key',
  ])
    await chmod(join(dir, name), 0o600);
  for (const name of [
    'modern',
    'legacy',
    'legacy-128',
    'no-mac',
    'no-passphrase',
    'plain-certificates',
    'many-iterations',
    'rc4',
    'only-certificate',
    'only-key',
  ])
    await chmod(join(dir, `${name}.p12`), 0o600);
});

afterAll(async () => {
  await rm(dir, { recursive: true });
});

function parsed(spec: SecretSpec): ParsedObject<Secret> {
  const file = join(dir, 'secret.yaml');
  return {
    object: {
      apiVersion: 'sallyport.dev/v1alpha1',
      kind: 'Secret',
      metadata: { name: 's', namespace: 'default' },
      spec,
    },
    file,
    positions: new Map([['', { file, line: 1, column: 1 }]]),
  };
}

async function factsOf(spec: SecretSpec, salt: Uint8Array = SALT): Promise<SecretFacts> {
  const [facts] = await collectSecretFacts([parsed(spec)], salt);
  if (facts === undefined) throw new Error('no facts');
  return facts;
}

const psk = (file: string): SecretSpec => ({ psk: { file } });
const pem = (certificate: string, key: string, ...authorities: string[]): SecretSpec => ({
  pem: { certificate, key, authorities },
});
const p12 = (file: string, passphraseFile = 'passphrase'): SecretSpec => ({
  pkcs12: { file, passphraseFile },
});

describe('collectSecretFacts', () => {
  it.each<[string, SecretSpec, ProblemCode, string]>([
    ['a missing file', psk('none.psk'), 'secret/file-missing', 'spec.psk.file'],
    ['a file below a file', psk('good.psk/a'), 'secret/file-missing', 'spec.psk.file'],
    ['a directory', psk('directory'), 'secret/file-unreadable', 'spec.psk.file'],
    ['a loop of names too long', psk('x'.repeat(300)), 'secret/file-unreadable', 'spec.psk.file'],
    ['an empty file', psk('empty.psk'), 'secret/file-empty', 'spec.psk.file'],
    ['nothing but a newline', psk('only-newline.psk'), 'secret/file-empty', 'spec.psk.file'],
    ['a file too large', psk('long.psk'), 'secret/file-too-large', 'spec.psk.file'],
    ['a file for everybody', psk('open.psk'), 'secret/world-readable', 'spec.psk.file'],
    ['a newline at the end', psk('newline.psk'), 'secret/trailing-newline', 'spec.psk.file'],
    ['a newline of Windows', psk('windows.psk'), 'secret/trailing-newline', 'spec.psk.file'],
    [
      'no certificate in PEM',
      pem('gateway.key', 'gateway.key'),
      'secret/no-certificate',
      'spec.pem.certificate',
    ],
    [
      'a broken certificate',
      pem('broken.pem', 'gateway.key'),
      'secret/malformed',
      'spec.pem.certificate',
    ],
    [
      'no certificate at all',
      pem('good.psk', 'gateway.key'),
      'secret/malformed',
      'spec.pem.certificate',
    ],
    ['no key', pem('gateway.pem', 'good.psk'), 'secret/no-key', 'spec.pem.key'],
    ['a broken key', pem('gateway.pem', 'broken.key'), 'secret/malformed', 'spec.pem.key'],
    [
      'an encrypted key',
      pem('gateway.pem', 'gateway-encrypted.key'),
      'secret/encrypted-key',
      'spec.pem.key',
    ],
    [
      'the key of another certificate',
      pem('gateway.pem', 'other.key'),
      'secret/key-mismatch',
      'spec.pem.key',
    ],
    [
      'a missing authority',
      pem('gateway.pem', 'gateway.key', 'ca.pem', 'none.pem'),
      'secret/file-missing',
      'spec.pem.authorities[1]',
    ],
    [
      'a broken authority',
      { authority: { files: ['broken.pem'], revocationLists: [] } },
      'secret/malformed',
      'spec.authority.files[0]',
    ],
    [
      'a wrong passphrase, present scheme',
      p12('modern.p12', 'wrong'),
      'secret/wrong-passphrase',
      'spec.pkcs12.file',
    ],
    [
      'a wrong passphrase, older scheme',
      p12('legacy.p12', 'wrong'),
      'secret/wrong-passphrase',
      'spec.pkcs12.file',
    ],
    [
      'a wrong passphrase without a MAC',
      p12('no-mac.p12', 'wrong'),
      'secret/wrong-passphrase',
      'spec.pkcs12.file',
    ],
    [
      'no passphrase where one is needed',
      { pkcs12: { file: 'modern.p12' } },
      'secret/wrong-passphrase',
      'spec.pkcs12.file',
    ],
    [
      'a missing passphrase file',
      p12('modern.p12', 'none'),
      'secret/file-missing',
      'spec.pkcs12.passphraseFile',
    ],
    [
      'too many iterations',
      p12('many-iterations.p12'),
      'secret/too-many-iterations',
      'spec.pkcs12.file',
    ],
    ['a scheme that is not read', p12('rc4.p12'), 'secret/malformed', 'spec.pkcs12.file'],
    ['no PKCS#12', p12('good.psk'), 'secret/malformed', 'spec.pkcs12.file'],
    ['a truncated PKCS#12', p12('truncated.p12'), 'secret/malformed', 'spec.pkcs12.file'],
    ['PKCS#12 without a key', p12('only-certificate.p12'), 'secret/no-key', 'spec.pkcs12.file'],
    [
      'PKCS#12 without a certificate',
      p12('only-key.p12'),
      'secret/no-certificate',
      'spec.pkcs12.file',
    ],
  ])('reports %s', async (_, spec, code, path) => {
    const facts = await factsOf(spec);
    const { severity } = PROBLEM_CODES[code];
    expect(facts.problems.map((one) => [one.code, one.severity, one.path])).toEqual([
      [code, severity, path],
    ]);
    expect(facts.problems[0]?.hint).toBeTypeOf('string');
    expect(facts.problems[0]?.source?.file).toBe(join(dir, 'secret.yaml'));
    expect(facts.fingerprint === '').toBe(severity === 'error');
  });

  it('looks at all files of a secret', async () => {
    const { problems } = await factsOf(pem('none.pem', 'gateway-encrypted.key', 'broken.pem'));
    expect(problems.map(({ path }) => path)).toEqual([
      'spec.pem.certificate',
      'spec.pem.key',
      'spec.pem.authorities[0]',
    ]);
  });

  it.each<[string, SecretSpec]>([
    ['PEM', pem('gateway.pem', 'gateway.key', 'ca.pem')],
    ['PEM with an SEC 1 key', pem('gateway.pem', 'gateway-sec1.key', 'ca.pem')],
    ['DER', pem('gateway.der', 'gateway-key.der', 'ca.pem')],
    ['PKCS#12 of today', p12('modern.p12')],
    ['PKCS#12 with 3DES and RC2-40', p12('legacy.p12')],
    ['PKCS#12 with two-key 3DES and RC2-128', p12('legacy-128.p12')],
    ['PKCS#12 without a MAC', p12('no-mac.p12')],
    ['PKCS#12 with plain certificates', p12('plain-certificates.p12')],
    ['PKCS#12 without a passphrase', { pkcs12: { file: 'no-passphrase.p12' } }],
  ])('reads the same from %s', async (_, spec) => {
    const facts = await factsOf(spec);
    expect(facts.problems).toEqual([]);
    expect(facts.form).toBe('certificate');
    expect(facts.certificates).toHaveLength(2);
    expect(facts.certificates[0]).toMatchObject({
      subject: String.raw`C=CH, O=Example\, Ltd, CN=gw.example`,
      issuer: 'C=CH, O=Example, CN=Test CA',
      altNames: ['DNS:gw.example', 'IP:192.0.2.1', 'IP:2001:db8::1', 'email:ops@example'],
      isAuthority: false,
    });
    expect(facts.certificates[1]).toMatchObject({
      subject: 'C=CH, O=Example, CN=Test CA',
      isAuthority: true,
    });
    expect(facts.fingerprint).toBe(
      (await factsOf(pem('gateway.pem', 'gateway.key', 'ca.pem'))).fingerprint,
    );
  });

  it('gives validity as RFC 3339 and the digest of the certificate', async () => {
    const { certificates } = await factsOf({
      authority: { files: ['ca.pem'], revocationLists: [] },
    });
    expect(certificates).toHaveLength(1);
    const [first] = certificates;
    expect(first?.notBefore).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.000Z$/u);
    expect(Date.parse(String(first?.notAfter)) - Date.parse(String(first?.notBefore))).toBe(
      36_500 * 86_400_000,
    );
    expect(first?.fingerprint).toMatch(/^[0-9a-f]{64}$/u);
  });

  it('takes the newline away and nothing else', async () => {
    const { fingerprint } = await factsOf(psk('good.psk'));
    expect((await factsOf(psk('newline.psk'))).fingerprint).toBe(fingerprint);
    expect((await factsOf(psk('windows.psk'))).fingerprint).toBe(fingerprint);
    expect((await factsOf(psk('two-newlines.psk'))).fingerprint).not.toBe(fingerprint);
    expect((await factsOf(psk('longest.psk'))).problems).toEqual([]);
  });

  it('has fingerprints that depend on content and salt, and tell neither', async () => {
    const { fingerprint } = await factsOf(psk('good.psk'));
    expect(fingerprint).toMatch(/^[0-9a-f]{64}$/u);
    expect((await factsOf(psk('other.psk'))).fingerprint).not.toBe(fingerprint);
    expect((await factsOf(psk('good.psk'), Buffer.from('another'))).fingerprint).not.toBe(
      fingerprint,
    );
    expect((await factsOf(pem('gateway.pem', 'gateway.key'))).fingerprint).not.toBe(
      (await factsOf(pem('gateway.pem', 'gateway.key', 'ca.pem'))).fingerprint,
    );
  });

  it('knows an empty subject', async () => {
    const { certificates } = await factsOf(pem('nameless.pem', 'nameless.key'));
    expect(certificates[0]?.subject).toBe('');
  });

  it('says nothing of a secret without a form, which validation reports', async () => {
    expect(await factsOf({})).toMatchObject({ fingerprint: '', problems: [] });
  });

  it('never holds key material', async () => {
    const specs = [
      psk('open.psk'),
      p12('modern.p12'),
      p12('modern.p12', 'wrong'),
      pem('gateway.pem', 'broken.key'),
    ];
    const text = JSON.stringify(await Promise.all(specs.map((spec) => factsOf(spec))));
    expect(text).not.toMatch(/correct horse|sécret|AAAA/u);
  });
});

describe('readSecretMaterial', () => {
  it('gives the key without its newline', async () => {
    const material = await readSecretMaterial(psk('newline.psk'), dir);
    expect(material.form).toBe('psk');
    expect(material.form === 'psk' && Buffer.from(material.psk.reveal()).toString()).toBe(
      'correct horse',
    );
  });

  it('gives certificates and keys in DER, the same from every form', async () => {
    const fromPem = await readSecretMaterial(pem('gateway.pem', 'gateway-sec1.key', 'ca.pem'), dir);
    const fromP12 = await readSecretMaterial(p12('legacy.p12'), dir);
    expect(fromPem).toEqual(fromP12);
    if (fromPem.form !== 'certificate' || fromP12.form !== 'certificate') throw new Error('form');
    expect(Buffer.from(fromPem.key.reveal())).toEqual(Buffer.from(fromP12.key.reveal()));
    expect(fromPem.certificates.map((der) => der[0])).toEqual([0x30]);
    expect(fromPem.authorities).toHaveLength(1);
  });

  it('gives authorities', async () => {
    const material = await readSecretMaterial(
      { authority: { files: ['ca.pem'], revocationLists: [] } },
      dir,
    );
    expect(material.form === 'authority' && material.authorities.length).toBe(1);
  });

  it('says why there is none', async () => {
    const attempt = readSecretMaterial(p12('modern.p12', 'wrong'), dir);
    await expect(attempt).rejects.toThrow(SecretUnusableError);
    await expect(attempt).rejects.toThrow(
      'secret cannot be used: spec.pkcs12.file: the passphrase does not open the file (modern.p12) [secret/wrong-passphrase]',
    );
  });
});

describe('SecretValue', () => {
  it('prints itself as nothing', () => {
    const value = new SecretValue(Buffer.from('correct horse'));
    const printed = [
      String(value),
      JSON.stringify({ value }),
      inspect(value, { depth: 9, showHidden: true }),
    ];
    expect(printed.slice(0, 2)).toEqual(['***', '{"value":"***"}']);
    expect(printed.join()).not.toMatch(/correct|horse|63 6f|99, ?111/u);
  });
});
