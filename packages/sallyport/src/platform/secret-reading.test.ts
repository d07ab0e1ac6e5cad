import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SecretSpec } from '../model/secret.ts';
import { readSecret, type SecretReading } from './secret-reading.ts';
import { PASSPHRASE, StrangerPki } from './testing/stranger-pki.ts';

let pki: StrangerPki;

beforeAll(() => {
  pki = new StrangerPki();
  pki.certifyChain();
  pki.write('pass', `${PASSPHRASE}\n`);
  pki.write('wrong', 'another one');
  encryptKey();
});
afterAll(() => {
  pki[Symbol.dispose]();
});

/** `gw.key` in every way that openssl encrypts it. */
function encryptKey(): void {
  const topk8 = 'pkcs8 -topk8 -in gw.key -passout {pass}';
  pki.openssl(`${topk8} -out pbkdf2.key`);
  pki.openssl(`${topk8} -outform DER -out pbkdf2.der`);
  pki.openssl(`${topk8} -scrypt -out scrypt.key`);
  pki.openssl(`${topk8} -v1 PBE-SHA1-3DES -out 3des.key`);
  pki.openssl(`${topk8} -iter 1100000 -out many-rounds.key`);
  pki.openssl(`${topk8} -scrypt -outform DER -out scrypt.der`);
  // openssl writes none that takes more memory than it would take itself.
  const der = readFileSync(pki.file('scrypt.der'));
  der[der.indexOf(Buffer.from('02024000020108', 'hex')) + 6] = 0x7f;
  pki.write('much-memory.der', der);
  pki.openssl('ec -in gw.key -aes256 -passout {pass} -out traditional.key');
}

const pem = (certificate: string, key: string, more: object = {}): SecretSpec => ({
  pem: { certificate, key, authorities: [], ...more },
});

function readingOf(spec: SecretSpec): Promise<SecretReading> {
  return readSecret(spec, pki.directory);
}

/** Of a secret that cannot be used: what a person is told. */
async function faultsOf(spec: SecretSpec): Promise<string[]> {
  const { content, faults } = await readingOf(spec);
  expect(content).toBeUndefined();
  return faults.map(({ path, code, details: { message, hint, value } }) => {
    expect(hint).toBeTypeOf('string');
    return `${code} ${path.join('.')} (${String(value)}): ${message}`;
  });
}

describe('a key under a passphrase', () => {
  it.each(['pbkdf2.key', 'pbkdf2.der', 'scrypt.key', '3des.key', 'traditional.key'])(
    'is opened with it, and with no other: %s',
    async (key) => {
      const { content, faults } = await readingOf(pem('gw.crt', key, { passphraseFile: 'pass' }));
      expect(faults).toEqual([]);
      expect(content).toEqual((await readingOf(pem('gw.crt', 'gw.key'))).content);
      expect(await faultsOf(pem('gw.crt', key, { passphraseFile: 'wrong' }))).toEqual([
        expect.stringMatching(/^secret\/wrong-passphrase spec\.pem\.key .*does not open the file/),
      ]);
      expect(await faultsOf(pem('gw.crt', key))).toEqual([
        expect.stringMatching(/^secret\/encrypted-key spec\.pem\.key /),
      ]);
    },
  );

  it('is refused where it asks for more work than any honest one', async () => {
    expect(await faultsOf(pem('gw.crt', 'many-rounds.key', { passphraseFile: 'pass' }))).toEqual([
      'secret/too-many-iterations spec.pem.key (many-rounds.key): the file asks for 1100000 rounds of key derivation',
    ]);
    expect(await faultsOf(pem('gw.crt', 'much-memory.der', { passphraseFile: 'pass' }))).toEqual([
      'secret/too-many-iterations spec.pem.key (much-memory.der): the file asks for 2080768 rounds of key derivation',
    ]);
  });

  it('is told of together with everything else', async () => {
    const spec = pem('none.crt', 'none.key', { passphraseFile: 'none', authorities: ['none.pem'] });
    expect((await faultsOf(spec)).map((text) => text.split(' ')[1])).toEqual([
      ...['spec.pem.certificate', 'spec.pem.key'],
      ...['spec.pem.passphraseFile', 'spec.pem.authorities.0'],
    ]);
  });
});

describe('certificates in any order', () => {
  it('are taken with the leaf first, then upwards', async () => {
    pki.join('mixed.crt', 'root.crt', 'gw.crt', 'root.crt', 'site.crt');
    const { content, faults } = await readingOf(pem('mixed.crt', 'gw.key'));
    expect(faults).toEqual([]);
    expect(
      content?.form === 'certificate' && content.certificates.map(({ subject }) => subject),
    ).toEqual(['CN=gw.example', 'O=Stranger\nCN=Site', 'O=Stranger\nCN=Root']);
  });

  it('may be those of authorities that vouch for each other, as long as there is a root', async () => {
    pki.certify('cross', {
      subject: '/O=Stranger/CN=Root',
      isAuthority: true,
      issuer: 'site',
      keyOf: 'root',
    });
    pki.join('crossed.crt', 'gw.crt', 'cross.crt', 'site.crt', 'root.crt');
    expect((await readingOf(pem('crossed.crt', 'gw.key'))).faults).toEqual([]);
  });
});

describe('bad input', () => {
  it.each<[string, () => SecretSpec, RegExp]>([
    [
      'a truncated bundle',
      () => {
        pki.write('half.crt', `${pki.read('gw.crt')}${pki.read('site.crt').slice(0, 300)}`);
        return pem('half.crt', 'gw.key');
      },
      /^secret\/malformed spec\.pem\.certificate \(half\.crt\): a CERTIFICATE begins and does not end/,
    ],
    [
      'a truncated key',
      () => {
        pki.write('half.key', pki.read('gw.key').slice(0, 100));
        return pem('gw.crt', 'half.key');
      },
      /^secret\/malformed spec\.pem\.key \(half\.key\): a PRIVATE KEY begins and does not end/,
    ],
    [
      'several keys that cannot be read',
      () => {
        const garbage = '-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n';
        pki.write('several.key', `${pki.read('pbkdf2.key')}${garbage}`);
        return pem('gw.crt', 'several.key');
      },
      /^secret\/malformed spec\.pem\.key \(several\.key\): the private key cannot be read/,
    ],
    [
      'a truncated key under a passphrase',
      () => {
        pki.write('half.der', Buffer.from(pki.read('pbkdf2.key').split('\n')[1] ?? '', 'base64'));
        return pem('gw.crt', 'half.der', { passphraseFile: 'pass' });
      },
      /^secret\/no-key spec\.pem\.key/,
    ],
    [
      'three leaf certificates',
      () => {
        for (const name of ['gw2', 'gw3']) pki.certify(name, { issuer: 'site' });
        pki.join('three.crt', 'gw2.crt', 'gw3.crt', 'gw.crt');
        return pem('three.crt', 'gw.key');
      },
      /^secret\/several-leaves spec\.pem\.certificate \(three\.crt\): 3 certificates of gateways/,
    ],
    [
      'a chain with a loop',
      () => {
        const [one, two] = [{ subject: '/CN=One' }, { subject: '/CN=Two' }];
        pki.certify('two', { ...two, isAuthority: true });
        pki.certify('one', { ...one, isAuthority: true, issuer: 'two' });
        pki.certify('two-by-one', { ...two, isAuthority: true, issuer: 'one', keyOf: 'two' });
        pki.certify('looped', { issuer: 'one' });
        return pem('looped.crt', 'looped.key', { authorities: ['one.crt', 'two-by-one.crt'] });
      },
      /^secret\/chain-loop .*never ends: CN=One and CN=Two have issued each other/,
    ],
    [
      'one serial number twice',
      () => {
        const twice = { issuer: 'root', isAuthority: true, serial: '7' };
        pki.certify('first', { ...twice, subject: '/CN=First' });
        pki.certify('second', { ...twice, subject: '/CN=Second' });
        return pem('gw.crt', 'gw.key', { authorities: ['first.crt', 'site.crt', 'second.crt'] });
      },
      /^secret\/duplicate-serial .*O=Stranger, CN=Root have the serial number 07: CN=First and CN=Second/,
    ],
    [
      'a leaf that is an authority',
      () => pem('site.crt', 'site.key'),
      /^secret\/leaf-is-authority .*O=Stranger, CN=Site is the certificate of an authority/,
    ],
    ...(
      [
        ['quotes', '/CN=gw"1', /the subject CN=gw\\"1 has quotes/],
        ['a newline', '/CN=gw\n1', /the subject CN=gw\\0A1 has/],
        ['letters outside ASCII', '/CN=zürich', /the subject CN=zürich has/],
      ] as const
    ).map(
      ([what, subject, says]) =>
        [
          `a name with ${what}`,
          (): SecretSpec => {
            pki.certify('odd', { subject, issuer: 'site' });
            return pem('odd.crt', 'odd.key');
          },
          new RegExp(`^secret/unusable-name spec\\.pem\\.certificate .*${says.source}`, 'u'),
        ] as [string, () => SecretSpec, RegExp],
    ),
    [
      'a NUL in a name',
      () => {
        pki.certify('zero', { issuer: 'site' });
        pki.openssl('x509 -in zero.crt -outform DER -out zero.der');
        // openssl takes no NUL as text; the signature, which nobody looks at here, is wrong then.
        const der = readFileSync(pki.file('zero.der'));
        der[der.lastIndexOf('gw.example') + 2] = 0;
        pki.write('zero.crt', der);
        return pem('zero.crt', 'zero.key');
      },
      /^secret\/unusable-name .*the name DNS:gw\?example has/,
    ],
    [
      'garbage of ten megabytes',
      () => {
        pki.write('garbage', randomBytes(10_000_000));
        return pem('garbage', 'gw.key');
      },
      /^secret\/file-too-large spec\.pem\.certificate \(garbage\): the file is larger than 1048576/,
    ],
    [
      'garbage of one megabyte that begins a block again and again',
      () => {
        pki.write('begins', '-----BEGIN CERTIFICATE-----\n'.repeat(37_000));
        return pem('begins', 'gw.key');
      },
      /^secret\/malformed spec\.pem\.certificate \(begins\)/,
    ],
    [
      'many keys in one file',
      () => {
        pki.join('many.key', ...Array.from({ length: 5 }, () => 'pbkdf2.key'));
        return pem('gw.crt', 'many.key', { passphraseFile: 'pass' });
      },
      /^secret\/malformed spec\.pem\.key \(many\.key\): the file holds more than 4 private keys/,
    ],
  ])('is refused in words: %s', async (_, make, says) => {
    expect(await faultsOf(make())).toEqual([expect.stringMatching(says)]);
  });
});
