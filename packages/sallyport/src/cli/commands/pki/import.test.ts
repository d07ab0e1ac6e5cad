import { createPrivateKey, X509Certificate } from 'node:crypto';
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { parse } from 'yaml';
import type { SecretSpec } from '../../../model/secret.ts';
import { readSecret } from '../../../platform/secret-reading.ts';
import { PASSPHRASE, StrangerPki } from '../../../platform/testing/stranger-pki.ts';
import { type Outcome, Shell } from '../../testing/run.ts';

let pki: StrangerPki;
let shell: Shell;

beforeAll(() => {
  pki = new StrangerPki();
  pki.certifyChain();
  pki.certify('other');
  pki.write('pass', `${PASSPHRASE}\n`);
  pki.write('wrong', 'another one');
  makeFiles();
});
afterAll(() => {
  pki[Symbol.dispose]();
});
beforeEach(async () => {
  shell = await Shell.create();
});
afterEach(async () => {
  await shell[Symbol.asyncDispose]();
});

/** `gw` with all above it, in every form in which others hand it over. */
function makeFiles(): void {
  pki.join('chain.pem', 'site.crt', 'root.crt');
  pki.join('mixed.pem', 'root.crt', 'gw.key', 'site.crt', 'gw.crt', 'root.crt');
  const pkcs12 = 'pkcs12 -export -in gw.crt -inkey gw.key -certfile chain.pem -name gateway';
  pki.openssl(`${pkcs12} -passout {pass} -out modern.p12`);
  pki.openssl(`${pkcs12} -passout {pass} -legacy -out old.pfx`);
  pki.openssl(`${pkcs12} -passout pass: -out open.p12`);
  pki.openssl(`${pkcs12} -passout {pass} -iter 1100000 -out many-rounds.p12`);
  pki.openssl('pkcs8 -topk8 -in gw.key -passout {pass} -out encrypted.key');
  pki.openssl('pkcs8 -topk8 -in gw.key -passout {pass} -outform DER -out key.der');
  for (const name of ['gw', 'site', 'root'])
    pki.openssl(`x509 -in ${name}.crt -outform DER -out ${name}.der`);
  const base64 = (name: string): string => Buffer.from(pki.read(name)).toString('base64');
  const secret = {
    ...{ apiVersion: 'v1', kind: 'Secret', metadata: { name: 'gw' }, type: 'kubernetes.io/tls' },
    data: {
      'tls.crt': base64('gw.crt'),
      'tls.key': base64('gw.key'),
      'ca.crt': base64('chain.pem'),
    },
  };
  pki.write('secret.json', JSON.stringify(secret, undefined, 2));
  const { data } = secret;
  const lines = Object.entries(data).map(([name, text]) => `  ${name}: ${text}\n`);
  pki.write(
    'secret.yaml',
    `apiVersion: v1\nkind: Secret\ntype: kubernetes.io/tls\ndata:\n${lines.join('')}`,
  );
  const [certificate, chain, key] = ['gw.crt', 'chain.pem', 'encrypted.key'].map((name) =>
    pki.read(name),
  );
  const exported = { Certificate: certificate, CertificateChain: chain, PrivateKey: key };
  pki.write('acm.json', JSON.stringify(exported, undefined, 4));
  makeMount();
}

/** As a kubelet lays it out: links to a directory of this generation. */
function makeMount(): void {
  mkdirSync(pki.file('mount/..now'), { recursive: true });
  for (const [name, from] of [
    ['tls.crt', 'gw.crt'],
    ['tls.key', 'gw.key'],
    ['ca.crt', 'chain.pem'],
  ] as const) {
    writeFileSync(pki.file(`mount/..now/${name}`), pki.read(from), { mode: 0o600 });
    symlinkSync(`..now/${name}`, pki.file(`mount/${name}`));
  }
}

const from = (files: readonly string[]): string[] => [
  '--from',
  ...files.map((file) => pki.file(file)),
];
const opened = (): string[] => ['--passphrase-file', pki.file('pass')];

function importFrom(files: readonly string[], ...more: string[]): Promise<Outcome> {
  return shell.run(['pki', 'import', 'gw1', ...from(files), '--out', shell.file('out'), ...more]);
}

/** Directory of the result, where there is one. */
async function written(): Promise<string[]> {
  return (await readdir(shell.directory)).includes('out') ? readdir(shell.file('out')) : [];
}

describe('sallyport pki import', () => {
  it.each<readonly [...string[]]>([
    ['mixed.pem'],
    ['chain.pem', 'gw.crt', 'encrypted.key'],
    ['root.der', 'gw.der', 'key.der', 'site.der'],
    ['modern.p12'],
    ['old.pfx'],
    ['open.p12'],
    ['secret.json'],
    ['secret.yaml'],
    ['acm.json'],
    ['mount'],
    ['mixed.pem', 'modern.p12', 'acm.json'],
  ])('takes everything from %s %s %s %s', async (...files) => {
    const { code, stdout, stderr } = await importFrom(files.filter(Boolean), ...opened());
    expect([code, stderr]).toEqual([
      0,
      expect.stringMatching(/^imported CN=gw\.example, DNS:gw\.example, valid until /),
    ]);
    expect(await written()).toEqual(['gw1-ca.crt', 'gw1.crt', 'gw1.key']);
    const read = (name: string): Promise<string> => readFile(shell.file(`out/${name}`), 'utf8');
    expect(await read('gw1.crt')).toBe(pki.read('gw.crt'));
    expect(await read('gw1-ca.crt')).toBe(pki.read('chain.pem'));
    expect((await stat(shell.file('out/gw1.key'))).mode & 0o777).toBe(0o600);
    expect(
      createPrivateKey(await read('gw1.key')).equals(createPrivateKey(pki.read('gw.key'))),
    ).toBe(true);
    const { kind, metadata, spec } = parse(stdout) as {
      kind: string;
      metadata: object;
      spec: SecretSpec;
    };
    expect([kind, metadata]).toEqual(['Secret', { name: 'gw1' }]);
    expect((await readSecret(spec, '.')).faults).toEqual([]);
  });

  it('takes a certificate that stands for itself', async () => {
    expect((await importFrom(['other.crt', 'other.key'])).code).toBe(0);
    expect(await written()).toEqual(['gw1.crt', 'gw1.key']);
  });

  it('asks on a terminal, once, and only for what is encrypted', async () => {
    const questions: string[] = [];
    const askHidden = (question: string): Promise<string> => {
      questions.push(question);
      return Promise.resolve(PASSPHRASE);
    };
    const run = (name: string, files: readonly string[]): Promise<Outcome> =>
      shell.run(['pki', 'import', name, ...from(files), '--out', shell.file('out')], { askHidden });
    expect((await run('plain', ['mixed.pem', 'open.p12'])).code).toBe(0);
    expect(questions).toEqual([]);
    expect((await run('gw1', ['modern.p12', 'old.pfx', 'acm.json'])).code).toBe(0);
    expect(questions).toEqual(['passphrase of what is imported: ']);
  });

  it('destroys what it has imported where that is wanted, and only then', async () => {
    const copy = (name: string, content: string): string => {
      writeFileSync(shell.file(name), content, { mode: 0o600 });
      return shell.file(name);
    };
    const [certificate, key] = [
      copy('gw.crt', pki.read('gw.crt')),
      copy('gw.key', pki.read('gw.key')),
    ];
    symlinkSync(key, shell.file('link.key'));
    const run = (...files: string[]): Promise<Outcome> =>
      shell.run([
        'pki',
        'import',
        'gw1',
        '--from',
        ...files,
        '--out',
        shell.file('out'),
        '--shred',
      ]);
    expect((await run(certificate, key, pki.file('other.crt'))).code).toBe(1);
    expect(await readFile(key, 'utf8')).toBe(pki.read('gw.key'));
    expect((await run(certificate, shell.file('link.key'))).code).toBe(0);
    expect(await readdir(shell.directory)).toEqual(['out']);
    expect(
      new X509Certificate(await readFile(shell.file('out/gw1.crt'))).checkPrivateKey(
        createPrivateKey(await readFile(shell.file('out/gw1.key'))),
      ),
    ).toBe(true);
  });

  it('takes nothing that is over', async () => {
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 400 * 86_400_000 });
    const { code, stderr } = await importFrom(['mixed.pem']);
    vi.useRealTimers();
    expect([code, stderr]).toEqual([1, expect.stringContaining('certificate/expired')]);
    await expect(readdir(shell.file('out'))).rejects.toThrow('ENOENT');
  });

  it('writes over nothing', async () => {
    await importFrom(['mixed.pem']);
    const again = await importFrom(['other.crt', 'other.key']);
    expect([again.code, again.stderr]).toEqual([
      2,
      expect.stringMatching(/gw1\.crt is there already/),
    ]);
    expect(await readFile(shell.file('out/gw1.crt'), 'utf8')).toBe(pki.read('gw.crt'));
  });

  it.each(['gw"1', 'gw\n1', 'gw\0', 'zürich', '../gw1'])(
    'takes no name such as %j',
    async (name) => {
      const { code, stderr } = await shell.run(['pki', 'import', name, ...from(['mixed.pem'])]);
      expect([code, stderr]).toEqual([
        2,
        expect.stringMatching(/is not a name: use lower-case letters/),
      ]);
      expect(stderr).not.toMatch(/\0|\n./);
    },
  );
});

describe('bad input of sallyport pki import', () => {
  it.each<[string, readonly string[], readonly RegExp[]]>([
    [
      'a wrong passphrase',
      ['modern.p12', 'encrypted.key', 'wrong'],
      [/modern\.p12.*\[secret\/wrong-passphrase\]/, /encrypted\.key.*\[secret\/wrong-passphrase\]/],
    ],
    [
      'no passphrase',
      ['modern.p12', 'acm.json'],
      [
        /--from: the file is encrypted \(.*modern\.p12\); .*--passphrase-file.*\[secret\/encrypted-key\]/,
        /acm\.json: PrivateKey\).*\[secret\/encrypted-key\]/,
      ],
    ],
    [
      'a truncated file',
      ['half.p12', 'half.pem', 'half.json'],
      [
        /the file is not PEM, DER, PKCS#12, .*half\.p12.*\[secret\/malformed\]/,
        /a CERTIFICATE begins and does not end.*half\.pem/,
        /neither YAML nor JSON, or only a part of it.*half\.json/,
      ],
    ],
    ['a key without certificate', ['gw.key'], [/there is no certificate \(.*gw\.key\)/]],
    [
      'a certificate without key',
      ['gw.crt', 'chain.pem'],
      [/there is no private key \(.*gw\.crt, .*chain\.pem\)/],
    ],
    ['a key of another certificate', ['gw.crt', 'other.key'], [/no key belongs to a certificate/]],
    [
      'two keys',
      ['mixed.pem', 'other.key'],
      [/there is another private key, which would not be imported/],
    ],
    [
      'three leaves',
      ['mixed.pem', 'other.crt', 'gw2.crt'],
      [/3 certificates of gateways .*\[secret\/several-leaves\]/],
    ],
    [
      'a chain with a loop',
      ['looped.crt', 'looped.key', 'one.crt', 'two-by-one.crt'],
      [/never ends: CN=One and CN=Two/],
    ],
    ['garbage of ten megabytes', ['garbage'], [/larger than 1048576 bytes \(.*garbage\)/]],
    [
      'too many iterations',
      ['many-rounds.p12'],
      [/asks for 1100000 rounds .*\[secret\/too-many-iterations\]/],
    ],
    [
      'one serial number twice',
      ['mixed.pem', 'first.crt', 'second.crt'],
      [/have the serial number 07: CN=First and CN=Second/],
    ],
    ['a name with quotes', ['odd.crt', 'odd.key'], [/the subject CN=gw\\"1 has quotes/]],
    [
      'a leaf that is an authority',
      ['site.crt', 'site.key'],
      [/is the certificate of an authority/],
    ],
    [
      'a Secret of another type',
      ['opaque.yaml'],
      [/neither a Secret of type kubernetes\.io\/tls nor/],
    ],
    ['a request', ['request.pem'], [/holds neither a certificate nor a private key/]],
    [
      'what is not there',
      ['none.pem', 'none'],
      [/none\.pem.*\[secret\/file-missing\]/, /none\).*file-missing/],
    ],
    ['a directory without a Secret', ['empty'], [/empty\/tls\.crt/, /empty\/tls\.key/]],
  ])(
    'is refused in words, all of it at once, and nothing is written: %s',
    async (what, files, says) => {
      makeBadFiles();
      const passphrase =
        what === 'a wrong passphrase'
          ? ['--passphrase-file', pki.file('wrong')]
          : what === 'no passphrase'
            ? []
            : opened();
      const { code, stdout, stderr } = await importFrom(
        files.filter((file) => file !== 'wrong'),
        ...passphrase,
        '--shred',
      );
      const lines = stderr.trimEnd().split('\n');
      expect([code, stdout, lines]).toEqual([
        1,
        '',
        says.map((one) => expect.stringMatching(one) as string),
      ]);
      expect(await written()).toEqual([]);
      for (const file of files.filter((each) => !each.startsWith('none')))
        expect((await stat(pki.file(file))).size).toBeGreaterThan(0);
    },
  );
});

let made = false;

/** What the table above names, made once. */
function makeBadFiles(): void {
  if (made) return;
  made = true;
  const half = (name: string): string => pki.read(name).slice(0, 400);
  pki.write('half.p12', readFileSync(pki.file('modern.p12')).subarray(0, 400));
  pki.write('half.pem', half('gw.crt'));
  pki.write('half.json', half('acm.json'));
  pki.write('garbage', Buffer.alloc(10_000_000, 0x5a));
  pki.certify('gw2', { issuer: 'site' });
  pki.certify('two', { subject: '/CN=Two', isAuthority: true });
  pki.certify('one', { subject: '/CN=One', isAuthority: true, issuer: 'two' });
  pki.certify('two-by-one', { subject: '/CN=Two', isAuthority: true, issuer: 'one', keyOf: 'two' });
  pki.certify('looped', { issuer: 'one' });
  const twice = { issuer: 'root', isAuthority: true, serial: '7' };
  pki.certify('first', { ...twice, subject: '/CN=First' });
  pki.certify('second', { ...twice, subject: '/CN=Second' });
  pki.certify('odd', { subject: '/CN=gw"1', issuer: 'site' });
  pki.write('opaque.yaml', 'kind: Secret\ntype: Opaque\ndata: {tls.key: AAAA}\n');
  pki.openssl('req -new -key gw.key -subj /CN=gw -out request.pem');
  mkdirSync(pki.file('empty'));
}
