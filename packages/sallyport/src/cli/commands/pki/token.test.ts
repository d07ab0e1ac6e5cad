import { execFileSync, spawnSync } from 'node:child_process';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Outcome, Shell } from '../../testing/run.ts';

const MODULE = '/usr/lib/softhsm/libsofthsm2.so';
const PIN = '246810';

let shell: Shell;

beforeEach(async () => {
  shell = await Shell.create();
  await mkdir(shell.file('tokens'));
  await writeFile(shell.file('softhsm.conf'), `directories.tokendir = ${shell.file('tokens')}\n`);
  vi.stubEnv('SOFTHSM2_CONF', shell.file('softhsm.conf'));
  await writeFile(shell.file('pin'), `${PIN}\n`, { mode: 0o600 });
  await writeFile(shell.file('pass'), 'correct horse\n', { mode: 0o600 });
  initToken('vpn');
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await shell[Symbol.asyncDispose]();
});

const pki = (...words: string[]): Promise<Outcome> => shell.run(['pki', ...words]);

async function mustPki(...words: string[]): Promise<string> {
  const { code, stdout, stderr } = await pki(...words);
  expect([code, stderr]).toEqual([0, '']);
  return stdout;
}

function initToken(label: string): void {
  const pins = ['--so-pin', '13579135', '--pin', PIN];
  execFileSync('softhsm2-util', ['--init-token', '--free', '--label', label, ...pins]);
}

/** As its owner would. */
function token(...args: string[]): string {
  const login = ['--module', MODULE, '--token-label', 'vpn', '--login', '--pin', PIN];
  return execFileSync('pkcs11-tool', [...login, ...args], { encoding: 'utf8', stdio: 'pipe' });
}

const create = (uri: string, ...more: string[]): Promise<Outcome> =>
  pki(
    ...['ca', 'create', 'site', '--subject', 'O=Example, CN=Site', '--token', uri],
    ...['--passphrase-file', shell.file('pin'), ...more],
  );
const VPN = `pkcs11:token=vpn?module-path=${MODULE}`;
const signing = (): string[] => ['--authority', 'site', '--passphrase-file', shell.file('pin')];

function verify(...args: string[]): string {
  const { stdout, stderr } = spawnSync('openssl', ['verify', ...args], { encoding: 'utf8' });
  return stdout + stderr;
}

async function issue(name: string): Promise<string> {
  await mustPki(
    'issue',
    name,
    ...signing(),
    '--alt-name',
    `${name}.example`,
    '--out',
    shell.directory,
  );
  return shell.file(`${name}.crt`);
}

describe('sallyport pki with a token', () => {
  it.each(['ecdsa-p256', 'ecdsa-p384', 'rsa-3072', 'rsa-pss-4096'])(
    'has a key of %s sign certificates and lists, which openssl verifies',
    async (keyType) => {
      expect(await create(VPN, '--key-type', keyType)).toMatchObject({ code: 0, stderr: '' });
      const certificate = await issue('gw1');
      await writeFile(shell.file('root.pem'), await mustPki('export', 'site'));
      expect(verify('-CAfile', shell.file('root.pem'), certificate)).toBe(`${certificate}: OK\n`);
      const [list = ''] = (await mustPki('crl', ...signing())).split('\n');
      const read = [
        'crl',
        '-in',
        list,
        '-inform',
        'DER',
        '-CAfile',
        shell.file('root.pem'),
        '-noout',
      ];
      expect(spawnSync('openssl', read, { encoding: 'utf8' }).stderr).toBe('verify OK\n');
    },
  );

  it('keeps the key in the token alone, also that of the next authority', async () => {
    await create(VPN);
    const files = async (): Promise<string[]> =>
      (await readdir(shell.directory, { recursive: true })).filter((path) => path.endsWith('.pem'));
    await mustPki(
      ...['rotate', '--ca', 'site', '--passphrase-file', shell.file('pin')],
      ...['--cross-over-days', '0'],
    );
    expect((await files()).filter((path) => path.includes('key'))).toEqual([]);
    expect(
      token('--list-objects', '--type', 'privkey')
        .match(/label: .*/g)
        ?.toSorted(),
    ).toEqual(['label:      site', 'label:      site-g2']);
    const next = ['--authority', 'site-g2', '--passphrase-file', shell.file('pin')];
    await mustPki('issue', 'gw2', ...next, '--alt-name', 'gw2.example', '--out', shell.directory);
    const certificate = shell.file('gw2.crt');
    expect(verify('-CAfile', shell.file('gw2-ca.crt'), certificate)).toBe(`${certificate}: OK\n`);
  });

  it('certifies an authority whose key is a file', async () => {
    await create(VPN);
    await mustPki(
      ...['ca', 'create', 'below', '--subject', 'CN=Below', '--parent', 'site'],
      ...['--passphrase-file', shell.file('pass'), '--parent-passphrase-file', shell.file('pin')],
    );
    await writeFile(shell.file('root.pem'), await mustPki('export', 'site'));
    await writeFile(shell.file('below.pem'), await mustPki('export', 'below'));
    expect(verify('-CAfile', shell.file('root.pem'), shell.file('below.pem'))).toMatch(/: OK\n$/);
  });

  it('uses a key that was made before', async () => {
    const made = ['--label', 'ceremony', '--id', '0a0b', '--key-type', 'EC:secp384r1'];
    token('--keypairgen', '--usage-sign', ...made);
    expect(await create(`pkcs11:token=vpn;object=ceremony?module-path=${MODULE}`)).toMatchObject({
      ...{ code: 0, stderr: '' },
    });
    expect(token('--list-objects', '--type', 'privkey').match(/label: .*/g)).toHaveLength(1);
    await issue('gw1');
  });

  it.each([
    ['rsa-3072', 'key site of token vpn is EC 256, not RSA 3072: choose its --key-type\n'],
    ['ed25519', 'a key in a token cannot be ed25519: choose ecdsa-p256, '],
  ])('says that a key cannot be %s', async (keyType, message) => {
    token('--keypairgen', '--label', 'site', '--id', '01', '--key-type', 'EC:prime256v1');
    const { code, stderr } = await create(VPN, '--key-type', keyType);
    expect(code).not.toBe(0);
    expect(stderr).toContain(message);
  });

  it.each([
    ['token', VPN.replace('vpn', 'nvp'), 'there is no token nvp; there are: vpn\n'],
    ['module', VPN.replace('hsm2.so', 'hsm3.so'), 'module-path cannot be loaded: install'],
  ])('says which %s is missing', async (_, uri, message) => {
    expect((await create(uri)).stderr).toContain(message);
  });

  it('tries no PIN where two tokens have one label', async () => {
    initToken('vpn');
    expect((await create(VPN)).stderr).toContain('there are 2 tokens vpn: take all but one away\n');
  });

  it('says that the PIN is wrong, and makes nothing', async () => {
    await writeFile(shell.file('pin'), '135790\n');
    expect((await create(VPN)).stderr).toContain('the token does not take this PIN');
    expect(await mustPki('list')).not.toContain('site');
  });

  it.each([
    ['is there twice', 'is there 2 times: name the keys apart\n', ['02']],
    ['shares its identifier', 'needs an identifier of its own: give it one', ['01']],
  ])('says of a key that it %s', async (what, message, [id = '']) => {
    await create(VPN);
    const [, first = ''] = /ID: +(\w+)/.exec(token('--list-objects', '--type', 'pubkey')) ?? [];
    const [label, as] = what === 'is there twice' ? ['site', id] : ['other', first];
    token('--keypairgen', '--label', label, '--id', as, '--key-type', 'EC:secp384r1');
    expect((await pki('crl', ...signing())).stderr).toContain(message);
  });

  it('does not sign with another key of that name, nor without any', async () => {
    await create(VPN);
    const [, id = ''] = /ID: +(\w+)/.exec(token('--list-objects', '--type', 'pubkey')) ?? [];
    for (const type of ['privkey', 'pubkey']) token('--delete-object', '--type', type, '--id', id);
    expect((await pki('crl', ...signing())).stderr).toContain('key site of token vpn is missing');
    token('--keypairgen', '--label', 'site', '--id', '01', '--key-type', 'EC:secp384r1');
    expect((await pki('crl', ...signing())).stderr).toContain(
      'is not the key that the authority was made with',
    );
  });
});
