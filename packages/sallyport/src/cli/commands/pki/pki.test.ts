import { execFileSync, spawnSync } from 'node:child_process';
import { cp, mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Outcome, Shell } from '../../testing/run.ts';

let shell: Shell;
/** With two authorities, which are slow to make. */
let template: Shell;

beforeAll(async () => {
  shell = await Shell.create();
  await writeFile(shell.file('pass'), 'correct horse\n', { mode: 0o600 });
  await writeFile(shell.file('other'), 'battery staple\n', { mode: 0o600 });
  await createAuthorities();
  template = shell;
});
afterAll(async () => {
  await template[Symbol.asyncDispose]();
});
beforeEach(async () => {
  shell = await Shell.create();
  await cp(template.directory, shell.directory, { recursive: true });
});
afterEach(async () => {
  await shell[Symbol.asyncDispose]();
});

const pki = (...words: string[]): Promise<Outcome> => shell.run(['pki', ...words]);
const signing = (authority: string): string[] => [
  ...['--authority', authority, '--passphrase-file', shell.file('pass')],
];

async function mustPki(...words: string[]): Promise<string> {
  const { code, stdout, stderr } = await pki(...words);
  expect([code, stderr]).toEqual([0, '']);
  return stdout;
}

/** `root`, and `site` below it. */
async function createAuthorities(): Promise<void> {
  const secret = ['--passphrase-file', shell.file('pass'), '--key-type', 'ecdsa-p256'];
  await mustPki('ca', 'create', 'root', '--subject', 'O=Example, CN=Root', ...secret);
  await mustPki(
    ...['ca', 'create', 'site', '--subject', 'O=Example, CN=Site', ...secret],
    ...['--parent', 'root', '--parent-passphrase-file', shell.file('pass')],
    ...['--path-length', '0', '--crl-url', 'http://pki.example/site.crl'],
  );
}

const issueGateway = (...more: string[]): Promise<Outcome> =>
  pki(
    ...['issue', 'gw1', ...signing('site'), '--alt-name', 'gw1.example', '192.0.2.1'],
    ...['--out', shell.file('out'), ...more],
  );

function verify(...args: string[]): string {
  const { stdout, stderr } = spawnSync('openssl', ['verify', ...args], { encoding: 'utf8' });
  return stdout + stderr;
}

/** A request made by openssl; returns its path. */
function requestFor(subject: string, names: string): string {
  const path = shell.file('peer.csr');
  execFileSync(
    'openssl',
    [
      ...['req', '-new', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'],
      ...['-keyout', shell.file('peer.key'), '-subj', subject, '-out', path],
      ...(names === '' ? [] : ['-addext', `subjectAltName=${names}`]),
    ],
    { stdio: 'ignore' },
  );
  return path;
}

describe('sallyport pki', () => {
  it('issues a key with its certificate below two authorities, which openssl verifies', async () => {
    const { code, stdout } = await issueGateway();
    expect([code, stdout]).toEqual([
      0,
      expect.stringMatching(/^certificate [0-9a-f]{32}, valid until \d{4}-/) as string,
    ]);
    const [certificate, key, authorities] = ['gw1.crt', 'gw1.key', 'gw1-ca.crt'].map((name) =>
      shell.file(`out/${name}`),
    );
    expect(verify('-CAfile', String(authorities), String(certificate))).toMatch(/: OK/);
    const publicKey = (...args: string[]): string =>
      execFileSync('openssl', args, { encoding: 'utf8' });
    expect(publicKey('pkey', '-in', String(key), '-pubout')).toBe(
      publicKey('x509', '-in', String(certificate), '-noout', '-pubkey'),
    );
    expect((await stat(String(key))).mode & 0o777).toBe(0o600);
  });

  it('lists authorities, and what they have issued', async () => {
    await issueGateway('--days', '90');
    expect(await mustPki('list')).toMatch(
      /^root: O=Example, CN=Root, valid for .*; a root; 1 issued\nsite: O=Example, CN=Site, valid for .*; below root; 1 issued\n$/,
    );
    expect(await mustPki('list', 'site')).toMatch(
      /^[0-9a-f]{32} {2}CN=gw1 \(DNS:gw1\.example, IP:192\.0\.2\.1\), valid for 89d \d+h, until /,
    );
    const [site] = JSON.parse(await mustPki('list', 'site', '-o', 'json')) as object[];
    expect(site).toMatchObject({ subject: 'CN=gw1', isAuthority: false });
  });

  it('writes over nothing, and remembers nothing that it did not write', async () => {
    await issueGateway();
    const before = await readFile(shell.file('out/gw1.key'), 'utf8');
    const { code, stderr } = await issueGateway();
    expect([code, stderr]).toEqual([
      2,
      expect.stringContaining('gw1.crt is there already') as string,
    ]);
    expect(await readFile(shell.file('out/gw1.key'), 'utf8')).toBe(before);
    expect((await mustPki('list', 'site')).trim().split('\n')).toHaveLength(1);
  });

  it('revokes by serial number in any spelling, and publishes it', async () => {
    await issueGateway();
    const serial =
      /certificate ([0-9a-f]+)/.exec(
        (await mustPki('list', 'site')).replace(/^/, 'certificate '),
      )?.[1] ?? '';
    const spelled = (serial.toUpperCase().match(/../g) ?? []).join(':');
    const path = /revoked: put (\S+) where/.exec(
      await mustPki('revoke', spelled, ...signing('site'), '--reason', 'superseded'),
    )?.[1];
    const trust = ['-CAfile', shell.file('out/gw1-ca.crt'), '-CRLfile', String(path), '-crl_check'];
    expect(verify(...trust, shell.file('out/gw1.crt'))).toMatch(/certificate revoked/);
    expect(await mustPki('list', 'site')).toMatch(/revoked at \S+: superseded\n$/);
    // The first time may have been interrupted before the list was written.
    expect(await mustPki('revoke', serial, ...signing('site'))).toMatch(
      /site\.crl where gateways fetch it, at http:/,
    );
    const unknown = await pki('revoke', 'abcd', ...signing('site'));
    expect(unknown.stderr).toMatch(/has issued nothing with serial number abcd/);
  });

  it('counts its revocation lists', async () => {
    await mustPki('crl', ...signing('site'));
    const path = (await mustPki('crl', ...signing('site'))).trim();
    const text = execFileSync('openssl', ['crl', '-in', path, '-noout', '-text'], {
      encoding: 'utf8',
    });
    expect(text).toMatch(/CRL Number:\s+2/);
  });

  it('prints what others shall trust', async () => {
    expect((await mustPki('export', 'site')).match(/BEGIN CERTIFICATE/g)).toHaveLength(2);
  });

  it('renews with the same names and another key, in place of the old files', async () => {
    await issueGateway();
    const read = (file: string): Promise<string> => readFile(shell.file(`out/gw1.${file}`), 'utf8');
    const [oldKey, oldCertificate] = [await read('key'), await read('crt')];
    const renew = (): Promise<Outcome> =>
      pki('renew', 'gw1', ...signing('site'), '--in', shell.file('out'));
    expect((await renew()).code).toBe(0);
    expect([await read('key'), await read('crt')]).not.toContain(oldKey);
    expect(await read('crt')).not.toBe(oldCertificate);
    expect(verify('-CAfile', shell.file('out/gw1-ca.crt'), shell.file('out/gw1.crt'))).toMatch(
      /OK/,
    );
    const names = (await mustPki('list', 'site')).match(
      /CN=gw1 \(DNS:gw1\.example, IP:192\.0\.2\.1\)/g,
    );
    expect(names).toHaveLength(2);
    const due = await pki(
      'renew',
      'gw1',
      ...signing('site'),
      '--in',
      shell.file('out'),
      '--if-due',
    );
    expect([due.code, due.stdout]).toEqual([
      0,
      expect.stringMatching(/^not due before \d{4}-/) as string,
    ]);
    expect((await mustPki('list', 'site')).trim().split('\n')).toHaveLength(2);
    expect(await read('crt.old')).toBe(oldCertificate);
    const other = await pki('renew', 'gw1', ...signing('root'), '--in', shell.file('out'));
    expect([other.code, other.stderr]).toEqual([
      2,
      expect.stringMatching(/not issued by authority root, but by site/) as string,
    ]);
    expect((await pki('renew', 'gw9', ...signing('site'))).stderr).toMatch(
      /there is no gw9\.crt to renew/,
    );
    await writeFile(shell.file('out/gw1.crt'), 'nothing');
    expect((await renew()).stderr).toMatch(/holds no certificate/);
  });

  it('renews for as long as the old one was valid', async () => {
    await issueGateway('--days', '30');
    const { stdout } = await pki('renew', 'gw1', ...signing('site'), '--in', shell.file('out'));
    const until = Date.parse(/valid until (\S+):/.exec(stdout)?.[1] ?? '');
    expect((until - Date.now()) / 86_400_000).toBeCloseTo(30, 0);
  });

  it('packs what it issued for the other side, who is told what to do with it', async () => {
    await issueGateway();
    const pack = (): Promise<Outcome> =>
      pki(
        ...['pack', 'gw1', '--in', shell.file('out'), '--out', shell.file('out')],
        ...['--export-passphrase-file', shell.file('other')],
      );
    expect((await pack()).code).toBe(0);
    const path = shell.file('out/gw1.p12');
    const args = ['pkcs12', '-in', path, '-passin', 'pass:battery staple', '-nodes'];
    const text = execFileSync('openssl', args, { encoding: 'utf8', stdio: 'pipe' });
    expect(text.match(/BEGIN CERTIFICATE/g)).toHaveLength(3);
    expect(await readFile(shell.file('out/gw1-install.txt'), 'utf8')).toMatch(
      /pk12util -i gw1\.p12/,
    );
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect((await pack()).stderr).toMatch(/gw1\.p12 is there already/);
    await mustPki(
      ...['issue', 'gw3', ...signing('site'), '--alt-name', 'gw3.example', '--key-type', 'ed25519'],
      ...['--out', shell.file('out')],
    );
    await mustPki(
      ...['pack', 'gw3', '--in', shell.file('out'), '--out', shell.file('out')],
      ...['--export-passphrase-file', shell.file('other')],
    );
    expect(await readFile(shell.file('out/gw3-install.txt'), 'utf8')).not.toMatch(
      /Libreswan|Windows/,
    );
    const absent = await pki('pack', 'gw2', '--export-passphrase-file', shell.file('other'));
    expect([absent.code, absent.stderr]).toEqual([
      2,
      expect.stringMatching(/gw2\.crt: .*gw2\.key: /) as string,
    ]);
  });

  it('signs a request with the names that are allowed', async () => {
    const request = requestFor('/O=Peer/CN=peer.example', 'DNS:peer.example,IP:203.0.113.1');
    const names = ['--allow', 'peer.example', '203.0.113.1'];
    const refused = await pki('sign', request, ...signing('site'), ...names);
    expect([refused.code, refused.stderr]).toEqual([
      1,
      expect.stringMatching(/a subject that is not allowed \(O=Peer, CN=peer\.example\)/) as string,
    ]);
    const allow = [...names, '--subject', 'O=Peer, CN=peer.example'];
    await mustPki('sign', request, ...signing('site'), ...allow, '--out', shell.file('out'));
    const text = execFileSync(
      'openssl',
      ['x509', '-in', shell.file('out/peer.crt'), '-noout', '-text'],
      {
        encoding: 'utf8',
      },
    );
    expect(text).toMatch(/Subject: O = Peer, CN = peer\.example/);
    expect(text).toMatch(/DNS:peer\.example, IP Address:203\.0\.113\.1/);
    expect(verify('-CAfile', shell.file('out/peer-ca.crt'), shell.file('out/peer.crt'))).toMatch(
      /OK/,
    );
  });

  it('signs nothing for who asks for more, and names all that is too much', async () => {
    const request = requestFor('/CN=gw1.example', 'DNS:gw1.example,DNS:peer.example');
    const { code, stderr } = await pki(
      'sign',
      request,
      ...signing('site'),
      '--allow',
      'peer.example',
    );
    expect(code).toBe(1);
    expect(stderr).toMatch(/a name that is not allowed \(dns:gw1\.example\)/);
    expect(stderr).toMatch(/a subject that is not allowed \(CN=gw1\.example\)/);
    const bare = requestFor('/CN=peer.example', '');
    expect((await pki('sign', bare, ...signing('site'), '--allow', 'peer.example')).stderr).toMatch(
      /asks for no alternative name/,
    );
    const text = await readFile(bare, 'utf8');
    await writeFile(bare, text.replace(/[A-Za-z0-9+/]{4}=*\n-----END/, 'AAAA\n-----END'));
    expect((await pki('sign', bare, ...signing('site'), '--allow', 'peer.example')).stderr).toMatch(
      /its signature is wrong|holds no certificate request/,
    );
    await writeFile(bare, 'nothing');
    expect((await pki('sign', bare, ...signing('site'), '--allow', 'x')).stderr).toMatch(
      /holds no certificate request/,
    );
  });

  it.each([
    { subject: '/O=x+CN=peer.example', says: /a subject that is not allowed/ },
    { subject: '/CN=peer.example', key: ['rsa:1024'], says: /too weak.*\(rsa, 1024 bits\)/ },
    {
      subject: '/CN=peer.example',
      extensions: ['-addext', 'basicConstraints=CA:TRUE'],
      says: /the certificate of an authority \(CA:TRUE\)/,
    },
  ])(
    'signs nothing for a request by $subject $key $extensions',
    async ({ subject, key = [], extensions = [], says }) => {
      const path = shell.file('odd.csr');
      execFileSync(
        'openssl',
        [
          ...[
            'req',
            '-new',
            '-newkey',
            ...(key.length > 0 ? key : ['ec', '-pkeyopt', 'ec_paramgen_curve:P-256']),
          ],
          ...[
            '-multivalue-rdn',
            '-nodes',
            '-keyout',
            shell.file('odd.key'),
            '-subj',
            subject,
            '-out',
            path,
          ],
          ...['-addext', 'subjectAltName=DNS:peer.example', ...extensions],
        ],
        { stdio: 'ignore' },
      );
      const { code, stderr } = await pki(
        'sign',
        path,
        ...signing('site'),
        '--allow',
        'peer.example',
      );
      expect([code, stderr]).toEqual([1, expect.stringMatching(says) as string]);
    },
  );

  it('signs a request without a subject', async () => {
    const request = requestFor('/', 'DNS:peer.example');
    await mustPki(
      'sign',
      request,
      ...signing('site'),
      '--allow',
      'PEER.example',
      '--out',
      shell.file('out'),
    );
    const args = ['x509', '-in', shell.file('out/peer.crt'), '-noout', '-text'];
    expect(execFileSync('openssl', args, { encoding: 'utf8' })).toMatch(
      /Subject: \n[^]*Subject Alternative Name: critical/,
    );
  });

  it('makes no authority, and nothing by one, that nobody could verify', async () => {
    const secret = ['--passphrase-file', shell.file('pass'), '--key-type', 'ecdsa-p256'];
    const below = (name: string, parent: string, ...more: string[]): Promise<Outcome> =>
      pki(
        ...['ca', 'create', name, '--subject', 'CN=Below', ...secret, ...more],
        ...['--parent', parent, '--parent-passphrase-file', shell.file('pass')],
      );
    expect((await below('deep', 'site')).stderr).toMatch(
      /cannot certify it: O=Example, CN=Site allows 0 authorities in a row below it/,
    );
    expect((await below('narrow', 'root', '--permit', 'other.example')).code).toBe(0);
    const { code, stderr } = await pki(
      'issue',
      'gw1',
      ...signing('narrow'),
      '--alt-name',
      'gw1.example',
    );
    expect([code, stderr]).toEqual([
      1,
      expect.stringMatching(/may certify names in other\.example only, not gw1\.example/) as string,
    ]);
    expect(
      (await below('wrong', 'root', '--permit', '192.0.2.1', '*.example')).stderr.match(
        /it is no DNS domain/g,
      ),
    ).toHaveLength(2);
  });

  it('certifies nothing by an authority that is revoked, and says so in the list', async () => {
    const [own] = JSON.parse(await mustPki('list', 'root', '-o', 'json')) as { serial: string }[];
    await mustPki('revoke', own?.serial ?? '', ...signing('root'));
    expect((await issueGateway()).stderr).toMatch(/authority site is revoked since/);
    expect(await mustPki('list')).toMatch(/^site: .*revoked at \S+: unspecified/m);
  });

  it('tells in an authority below another where the list of that one lies', async () => {
    const secret = ['--passphrase-file', shell.file('pass'), '--key-type', 'ecdsa-p256'];
    const url = 'http://pki.example/top.crl';
    await mustPki('ca', 'create', 'top', '--subject', 'CN=Top', ...secret, '--crl-url', url);
    await mustPki(
      ...['ca', 'create', 'sub', '--subject', 'CN=Sub', ...secret],
      ...['--parent', 'top', '--parent-passphrase-file', shell.file('pass')],
    );
    const text = execFileSync('openssl', ['x509', '-noout', '-text'], {
      input: await mustPki('export', 'sub'),
      encoding: 'utf8',
    });
    expect(text).toContain(url);
  });

  it('takes what a killed command has left for no authority, and removes it', async () => {
    const left = shell.file('state/pki/half');
    await mkdir(left);
    await writeFile(`${left}/key.pem.0123456789ab.tmp`, 'half a key');
    expect(await mustPki('list')).not.toMatch(/half/);
    const secret = ['--passphrase-file', shell.file('pass'), '--key-type', 'ecdsa-p256'];
    await mustPki('ca', 'create', 'half', '--subject', 'CN=Half', ...secret);
    expect(await readdir(left)).toEqual(['authority.json', 'chain.pem', 'key.pem']);
  });

  it.each([
    {
      what: 'a wrong passphrase',
      words: ['--passphrase-file', 'other'],
      says: /does not open the key/,
    },
    {
      what: 'a passphrase file that is not there',
      words: ['--passphrase-file', 'none'],
      says: /does not exist/,
    },
    {
      what: 'an authority that nobody knows',
      words: ['--authority', 'sight'],
      says: /no authority sight; there are: root, site/,
    },
  ])('refuses $what, and issues nothing', async ({ words: [option = '', value = ''], says }) => {
    const given = option === '--authority' ? value : shell.file(value);
    const { code, stderr } = await issueGateway(option, given);
    expect([code > 0, stderr]).toEqual([true, expect.stringMatching(says) as string]);
    expect(await mustPki('list', 'site')).toBe('');
    expect(await readdir(shell.directory)).not.toContain('out');
  });

  it('says all that is wrong with the names at once', async () => {
    const { code, stderr } = await pki(
      ...['issue', 'gw1', ...signing('site')],
      ...['--subject', 'CN=gw"1\n', '--alt-name', 'gw_1.example', 'zürich', 'a b'],
    );
    expect(code).toBe(1);
    expect(stderr.match(/^error: /gm)).toHaveLength(3);
    expect(stderr).toMatch(/--subject: CN may hold .* \(CN=gw"1\?\); for example/);
  });

  it('refuses short passphrases, second authorities of one name and lists nobody can fetch', async () => {
    await writeFile(shell.file('short'), 'secret\n', { mode: 0o600 });
    const create = (name: string, file: string, ...more: string[]): Promise<Outcome> =>
      pki(
        'ca',
        'create',
        name,
        '--subject',
        'CN=X',
        '--passphrase-file',
        shell.file(file),
        ...more,
      );
    expect((await create('third', 'short')).stderr).toMatch(/fewer than 12 characters/);
    expect((await create('site', 'pass')).stderr).toMatch(/there is an authority site already/);
    expect((await create('third', 'pass', '--crl-url', 'https://x/y')).stderr).toMatch(
      /is not an http: URL/,
    );
    expect((await create('third', 'pass', '--parent', 'root')).stderr).toMatch(
      /required option '--parent-passphrase-file <path>' not specified: there is no terminal/,
    );
    expect((await create('third', 'pass', '--path-length', 'x')).stderr).toMatch(
      /not a number from 0 to 9/,
    );
    expect((await create('Third!', 'pass')).stderr).toMatch(/is not a name/);
    expect(await mustPki('list')).not.toMatch(/third/i);
  });

  it('asks on a terminal for the passphrases that no file has, for new ones twice', async () => {
    const questions: string[] = [];
    const answers = (...texts: string[]) => ({
      askHidden: (question: string): Promise<string> => {
        questions.push(question);
        return Promise.resolve(texts.shift() ?? '');
      },
    });
    const create = ['pki', 'ca', 'create', 'asked', '--subject', 'CN=Asked', '--parent', 'root'];
    const old = 'correct horse';
    const wrong = await shell.run(create, answers('new passphrase', 'new pasphrase', old));
    expect([wrong.code, wrong.stderr]).toEqual([
      2,
      expect.stringMatching(/authority asked: the two passphrases are not the same/) as string,
    ]);
    const short = await shell.run(create, answers('short', 'short'));
    expect(short.stderr).toMatch(/authority asked: the passphrase has fewer than 12 characters/);
    questions.length = 0;
    expect((await shell.run(create, answers('new passphrase', 'new passphrase', old))).code).toBe(
      0,
    );
    expect(questions).toEqual([
      ...['new passphrase of authority asked: ', 'once more: ', 'passphrase of authority root: '],
    ]);
    const crl = ['pki', 'crl', '--authority', 'asked'];
    expect((await shell.run(crl, answers('new passphrase'))).code).toBe(0);
    expect((await shell.run(crl, answers('old passphrase'))).stderr).toMatch(
      /does not open the key/,
    );
    const { code, stderr } = await shell.run(crl);
    expect([code, stderr]).toEqual([
      2,
      expect.stringMatching(/required option '--passphrase-file <path>' not specified/) as string,
    ]);
  });
});
