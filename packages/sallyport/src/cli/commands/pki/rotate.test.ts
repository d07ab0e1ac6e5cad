import { readFile, writeFile } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { certificatePartner, twoSites, vary } from '../../../model/testing.ts';
import { report } from '../../../status/testing/reports.ts';
import { type Outcome, Shell } from '../../testing/run.ts';

const SITE =
  twoSites +
  vary(
    certificatePartner,
    [
      '{pem: {certificate: gw.pem, key: gw.key}}',
      '{issued: {authority: site, altNames: [gw.example]}}',
    ],
    [', peerAuthority: peer-ca', ''],
    [
      '---\napiVersion: sallyport.dev/v1alpha1\nkind: Secret\nmetadata: {name: peer-ca}\nspec: {authority: {files: [ca.pem]}}\n',
      '',
    ],
  ) +
  `---
apiVersion: sallyport.dev/v1alpha1
kind: CertificateAuthority
metadata: {name: root}
spec: {host: gw1, subject: 'O=Example, CN=Root', passphraseFile: pass, keyType: ecdsa-p256}
---
apiVersion: sallyport.dev/v1alpha1
kind: CertificateAuthority
metadata: {name: site}
spec: {host: gw1, subject: 'O=Example, CN=Site', passphraseFile: pass, keyType: ecdsa-p256, parent: root}
`;

let shell: Shell;

beforeEach(async () => {
  shell = await Shell.create();
  await shell.fakeSystem();
  await writeFile(shell.file('pass'), 'correct horse battery', { mode: 0o600 });
});
afterEach(async () => {
  await shell[Symbol.asyncDispose]();
});

const run = (...words: string[]): Promise<Outcome> => shell.run(words);
const rotate = (...words: string[]): Promise<Outcome> => run('pki', 'rotate', ...words);

async function applied(): Promise<void> {
  await shell.startAgent(report);
  const site = await shell.declare(SITE);
  const { code, stderr } = await run('apply', '-f', site, '--host', 'gw1');
  expect([code, stderr]).toEqual([0, expect.not.stringContaining('error')]);
}

async function state(): Promise<{
  proven: { serial: string; authority: string };
  candidate?: { certificate: { serial: string; authority: string } };
}> {
  const text = await readFile(shell.file('state/issued/default/own/state.json'), 'utf8');
  return JSON.parse(text) as Awaited<ReturnType<typeof state>>;
}

describe('declared certificates', () => {
  it('are made by apply with their authorities, and not again', async () => {
    await applied();
    const first = await state();
    expect(first).toMatchObject({ proven: { authority: 'site' } });
    expect((await run('pki', 'list')).stdout).toMatch(
      /^root: O=Example, CN=Root, .* a root; 1 issued\nsite: O=Example, CN=Site, .* below root; 1 issued\n$/,
    );
    expect((await run('apply', '-f', shell.file('site.yaml'), '--host', 'gw1')).code).toBe(0);
    expect(await state()).toEqual(first);
  });

  it('are not made for a dry run, nor for declarations that are refused', async () => {
    const site = await shell.declare(SITE);
    const dry = await run('apply', '-f', site, '--host', 'gw1', '--dry-run');
    expect([dry.code, dry.stderr]).toEqual([3, expect.not.stringContaining('error')]);
    await shell.declare(SITE.replace('crypto: default', 'crypto: nowhere'));
    expect((await run('apply', '-f', site, '--host', 'gw1')).code).toBe(1);
    expect((await run('pki', 'list')).stdout).toBe('');
  });

  it('stop apply where they cannot be made, and name the object', async () => {
    await shell.startAgent(report);
    await writeFile(shell.file('pass'), 'short', { mode: 0o600 });
    const { code, stderr } = await run('apply', '-f', await shell.declare(SITE), '--host', 'gw1');
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /CertificateAuthority default\/root.* it cannot be issued: the passphrase in pass has fewer than 12 characters/,
    );
  });

  it('make no difference to a plan before they change', async () => {
    await applied();
    const site = shell.file('site.yaml');
    expect(await run('plan', '-f', site, '--diff')).toMatchObject({ code: 0 });
    await shell.declare(
      SITE.replace('altNames: [gw.example]', 'altNames: [gw.example, 192.0.2.10]'),
    );
    const { code, stdout } = await run('plan', '-f', site, '--diff');
    expect([code, stdout]).toEqual([3, expect.stringContaining('Secret default/own')]);
    const dry = await run('apply', '-f', site, '--host', 'gw1', '--dry-run');
    expect([dry.code, dry.stdout]).toEqual([3, expect.not.stringContaining('nothing to change')]);
  });

  it('stop apply where nothing more could be made later', async () => {
    await applied();
    await writeFile(shell.file('pass'), 'another passphrase', { mode: 0o600 });
    const { code, stderr } = await run('apply', '-f', shell.file('site.yaml'), '--host', 'gw1');
    expect([code, stderr]).toEqual([
      1,
      expect.stringMatching(/CertificateAuthority default\/root.*authority root: .*passphrase/),
    ]);
  });

  it('take other places of lists, and no name that is the next one of another', async () => {
    await applied();
    const list = "{urls: ['http://pki.example/site.crl'], days: 7}";
    await shell.declare(SITE.replace('parent: root}', `parent: root, revocationList: ${list}}`));
    expect((await run('apply', '-f', shell.file('site.yaml'), '--host', 'gw1')).code).toBe(0);
    const record: unknown = JSON.parse(
      await readFile(shell.file('state/pki/site/authority.json'), 'utf8'),
    );
    expect(record).toMatchObject({ crlDays: 7, crlUrls: ['http://pki.example/site.crl'] });
    await rotate('--ca', 'root', '--host', 'gw1');
    await shell.declare(
      SITE.replaceAll('name: site}', 'name: root-g2}').replace(
        'authority: site',
        'authority: root-g2',
      ),
    );
    expect((await run('apply', '-f', shell.file('site.yaml'), '--host', 'gw1')).stderr).toContain(
      'root-g2 takes the place of authority root: choose another name',
    );
  });

  it('are made anew where the declaration asks for other names', async () => {
    await applied();
    const { proven } = await state();
    await shell.declare(
      SITE.replace('altNames: [gw.example]', 'altNames: [gw.example, 192.0.2.10]'),
    );
    expect((await run('apply', '-f', shell.file('site.yaml'), '--host', 'gw1')).code).toBe(0);
    expect(await state()).toMatchObject({
      proven,
      candidate: { isInUse: true, certificate: { altNames: ['DNS:gw.example', 'IP:192.0.2.10'] } },
    });
  });
});

describe('pki rotate', () => {
  it('makes another certificate, and brings it into effect', async () => {
    await applied();
    const { proven } = await state();
    const { code, stdout } = await rotate('own', '--host', 'gw1');
    expect([code, stdout]).toEqual([0, expect.stringMatching(/^revision .* is in effect on gw1/)]);
    const { candidate } = await state();
    expect(candidate?.certificate.serial).not.toBe(proven.serial);
  });

  it('tells what will come, and does nothing', async () => {
    await applied();
    const before = await state();
    const { stdout } = await rotate('--dry-run', '--host', 'gw1');
    expect(stdout.split('\n')).toEqual([
      expect.stringMatching(
        /^CertificateAuthority default\/root: root, valid until .*; the next one at .*; root certifies$/,
      ),
      expect.stringMatching(/^CertificateAuthority default\/site: site, .*; site certifies$/),
      expect.stringMatching(
        new RegExp(
          `^Secret default/own: ${before.proven.serial}, valid until .*; the next one at .*; site certifies$`,
        ),
      ),
      '',
    ]);
    expect(await state()).toEqual(before);
    await rotate('own', '--host', 'gw1');
    expect((await rotate('--dry-run', '--host', 'gw1')).stdout).toContain(
      'the next one is under way',
    );
  });

  it('tells of authorities in other namespaces, too', async () => {
    await shell.startAgent(report);
    const site = SITE.replaceAll('metadata: {name: ', 'metadata: {namespace: west, name: ');
    await run('apply', '-f', await shell.declare(site), '--host', 'gw1');
    expect((await rotate('--dry-run', '--host', 'gw1')).stdout).toMatch(
      /^CertificateAuthority west\/root: west\.root, valid until .*; west\.root certifies$/m,
    );
  });

  it('follows an authority by the next one, which certifies later, or now', async () => {
    await applied();
    const first = await rotate('--ca', 'site', '--host', 'gw1');
    expect(first.code).toBe(0);
    expect(first.stdout).toMatch(/^authority site-g2 certifies in the place of site from /);
    const [said] = first.stdout.split('\n');
    expect((await rotate('--ca', 'site', '--host', 'gw1')).stdout).toContain(said);
    expect((await run('pki', 'export', 'site')).stdout.match(/BEGIN/g)).toHaveLength(3);
    await rotate('own', '--host', 'gw1');
    expect((await state()).candidate?.certificate.authority).toBe('site');
    const second = await rotate('--ca', 'site', '--cross-over-days', '0', '--host', 'gw1');
    expect(second.stdout).toMatch(/^authority site-g2 certifies in the place of site from /);
    await rotate('own', '--host', 'gw1');
    expect((await state()).candidate?.certificate.authority).toBe('site-g2');
    const { stdout } = await run('pki', 'list');
    expect(stdout).toMatch(/^site-g2: O=Example, CN=Site G2, .* below root; 1 issued$/m);
  });

  it('follows an authority that was made by hand', async () => {
    const pass = ['--passphrase-file', shell.file('pass')];
    const create = ['pki', 'ca', 'create', 'root', '--subject', 'CN=Root', '--days', '100'];
    await run(...create, ...pass, '--key-type', 'ed25519', '--permit', 'example.org');
    const { code, stdout } = await rotate('--ca', 'root', ...pass);
    expect([code, stdout]).toEqual([0, expect.stringMatching(/^authority root-g2 certifies/)]);
    expect((await run('pki', 'list')).stdout).toMatch(/^root-g2: CN=Root G2, valid for (99|100)d/m);
    const issue = ['pki', 'issue', 'gw', '--authority', 'root', '--alt-name', 'gw.example.org'];
    await run(...issue, ...pass, '--out', shell.file('before'));
    await rotate('--ca', 'root', '--cross-over-days', '0', ...pass);
    // Whoever names the line is certified by the one that certifies in it.
    const renew = ['pki', 'renew', 'gw', '--authority', 'root', '--in', shell.file('before')];
    expect((await run(...renew, ...pass)).code).toBe(0);
    expect((await run('pki', 'list', 'root-g2')).stdout).toContain('CN=gw');
    expect((await readFile(shell.file('before/gw-ca.crt'), 'utf8')).match(/BEGIN/g)).toHaveLength(
      2,
    );
    await writeFile(shell.file('pass'), 'another passphrase', { mode: 0o600 });
    expect(await rotate('--ca', 'root-g2', ...pass)).toMatchObject({ code: 1 });
    expect(await rotate('--ca', 'root-g2')).toMatchObject({ code: 2 });
  });

  it('refuses what it cannot do, each in words', async () => {
    await applied();
    for (const [words, code, said] of [
      [[], 2, 'name the Secrets whose certificates to rotate'],
      [['own', '--ca', 'site'], 2, 'not both'],
      [['a-psk', '--host', 'gw1'], 2, 'Secret default/a-psk is not issued on this host'],
      [['pwn', '--host', 'gw1'], 2, 'Secret default/pwn is not there; did you mean default/own?'],
      [['--ca', 'sight', '--host', 'gw1'], 1, 'there is no authority sight'],
      [['--ca', 'site', '--cross-over-days', 'x', '--host', 'gw1'], 2, '--cross-over-days x'],
    ] as const) {
      const outcome = await rotate(...words);
      expect([outcome.code, outcome.stderr]).toEqual([code, expect.stringContaining(said)]);
    }
  });
});
