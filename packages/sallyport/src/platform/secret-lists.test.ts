import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { KeyType } from '../model/key-type.ts';
import { type Authority, createAuthority, createCrl } from '../pki/authority.ts';
import { toPem } from '../pki/pem.ts';
import type { Revocation } from '../pki/revocation.ts';
import { collectSecretFacts } from './secret-facts.ts';
import { readSecretMaterial } from './secret-material.ts';
import type { SecretContent } from './secret-reading.ts';
import { readSecret } from './secret-reading.ts';

const NOW = new Date('2026-06-01T12:00:00Z');
const KEY_TYPES: readonly KeyType[] = ['ecdsa-p256', 'rsa-3072', 'rsa-pss-3072', 'ed25519'];

let dir = '';
let site: Authority;
let other: Authority;

async function authority(keyType: KeyType, name: string): Promise<Authority> {
  const subject = [{ CN: [name] }];
  const made = await createAuthority(
    { subject, keyType, days: 365, permitted: [], crlUrls: [] },
    NOW,
  );
  await writeFile(join(dir, `${name}.crt`), toPem('CERTIFICATE', made.certificate.rawData));
  return made;
}

/** Revokes these serial numbers; in DER and in PEM. */
async function list(
  name: string,
  issuer: Authority,
  number: number,
  serials: readonly string[] = [],
): Promise<Buffer> {
  const revoked = serials.map(
    (serial): Revocation => ({ serial, at: NOW.toISOString(), reason: 'key-compromise' }),
  );
  const crl = await createCrl(issuer, revoked, { number, days: 7 }, NOW);
  await writeFile(join(dir, `${name}.crl`), Buffer.from(crl.rawData));
  await writeFile(join(dir, `${name}.pem`), toPem('X509 CRL', crl.rawData));
  return Buffer.from(crl.rawData);
}

const spec = (...revocationLists: readonly string[]): Parameters<typeof readSecret>[0] => ({
  authority: { files: ['site.crt'], revocationLists },
});

async function read(
  ...files: readonly string[]
): Promise<Extract<SecretContent, { form: 'authority' }>> {
  const { content, faults } = await readSecret(spec(...files), dir);
  if (content?.form !== 'authority') throw new Error(JSON.stringify(faults));
  return content;
}

async function faultOf(...files: readonly string[]): Promise<readonly [string, string, string]> {
  const { content, faults } = await readSecret(spec(...files), dir);
  expect(content).toBeUndefined();
  const [first] = faults;
  return [first?.code ?? '', first?.path.join('.') ?? '', first?.details.message ?? ''];
}

async function fingerprintOf(...files: readonly string[]): Promise<string> {
  const object = {
    apiVersion: 'sallyport.dev/v1alpha1',
    kind: 'Secret',
    metadata: { namespace: 'default', name: 'ca', labels: {} },
    spec: spec(...files),
  } as const;
  const parsed = { object, file: join(dir, 'x.yaml'), positions: new Map() };
  const [facts] = await collectSecretFacts([parsed], Buffer.from('salt'));
  return facts?.fingerprint ?? '';
}

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'sallyport-lists-'));
  site = await authority('ecdsa-p384', 'site');
  other = await authority('ecdsa-p384', 'other');
});
afterAll(async () => {
  await rm(dir, { recursive: true });
});

describe('revocation lists of a secret', () => {
  it.each(KEY_TYPES)('are believed when signed by %s', async (keyType) => {
    const issuer = await authority(keyType, 'site');
    await list('first', issuer, 1, ['4a']);
    const [first] = (await read('first.crl')).revocationLists;
    expect(first?.revoked).toEqual(['4a']);
    await writeFile(join(dir, 'site.crt'), toPem('CERTIFICATE', site.certificate.rawData));
    expect((await faultOf('first.crl'))[0]).toBe('secret/list-untrusted');
  });

  it('are read from PEM and DER, with what they say of themselves', async () => {
    const der = await list('first', site, 7, ['4a', '4b']);
    const [fromPem] = (await read('first.pem')).revocationLists;
    const [fromDer] = (await read('first.crl')).revocationLists;
    expect(fromPem).toEqual({ ...fromDer, der });
    expect(fromDer?.facts).toMatchObject({
      issuer: 'CN=site',
      number: '7',
      thisUpdate: '2026-06-01T12:00:00.000Z',
      nextUpdate: '2026-06-08T12:00:00.000Z',
    });
    const material = await readSecretMaterial(spec('first.crl'), dir);
    const known = material.form === 'authority' ? [...material.revocationLists] : [];
    expect(known).toEqual([[fromDer?.facts.fingerprint, new Uint8Array(der)]]);
  });

  it('change the fingerprint by whom they revoke, and by nothing else', async () => {
    await list('nobody', site, 1);
    await list('one', site, 2, ['4a']);
    await list('renewed', site, 3, ['4a']);
    await list('two', site, 4, ['4a', '4b']);
    expect(await fingerprintOf('nobody.crl')).toBe(await fingerprintOf());
    const one = await fingerprintOf('one.crl');
    expect(one).not.toBe(await fingerprintOf());
    expect(await fingerprintOf('renewed.pem')).toBe(one);
    expect(await fingerprintOf('one.crl', 'renewed.crl')).toBe(one);
    expect(await fingerprintOf('two.crl')).not.toBe(one);
  });

  it('are refused when they are none, or of somebody else, with all that is wrong', async () => {
    await list('theirs', other, 1);
    await writeFile(join(dir, 'empty.pem'), toPem('CERTIFICATE', site.certificate.rawData));
    await writeFile(join(dir, 'rubbish.crl'), Buffer.from('300530030101', 'hex'));
    await writeFile(join(dir, 'huge.crl'), Buffer.alloc(500_001, 0x30));
    const path = 'spec.authority.revocationLists.0';
    const nothing = 'the file holds no certificate revocation list';
    expect(await faultOf('empty.pem')).toEqual(['secret/malformed', path, nothing]);
    expect(await faultOf('rubbish.crl')).toEqual([
      ...['secret/malformed', path, 'the file is not a certificate revocation list (RFC 5280)'],
    ]);
    expect(await faultOf('theirs.crl')).toEqual([
      ...['secret/list-untrusted', path],
      'no authority of this secret has signed the list, which is by CN=other',
    ]);
    expect((await faultOf('huge.crl')).slice(0, 2)).toEqual(['secret/file-too-large', path]);
    const { faults } = await readSecret(spec('theirs.crl', 'absent.crl'), dir);
    expect(faults.map(({ code }) => code)).toEqual([
      'secret/list-untrusted',
      'secret/file-missing',
    ]);
  });
});
