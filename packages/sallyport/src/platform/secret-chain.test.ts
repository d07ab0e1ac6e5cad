import { execFileSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { chainFaults, weaknessFaults } from './secret-chain.ts';

const FROM = { path: ['spec'], file: 'gw.crt' };

let directory: string;

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'sallyport-chain-'));
  make('root', { ca: true });
  make('other', { ca: true });
  make('issuing', { ca: true, by: 'root' });
  make('leaf', { by: 'issuing' });
  make('second', { by: 'issuing' });
  make('alone', {});
  make('short', { by: 'root', key: 'rsa:1024' });
  make('old', { by: 'root', hash: 'sha1' });
  make('old-root', { ca: true, hash: 'sha1' });
});
afterAll(() => {
  rmSync(directory, { recursive: true });
});

interface Recipe {
  readonly ca?: boolean;
  readonly by?: string;
  readonly key?: string;
  readonly hash?: string;
  /** Default: the name of its files. */
  readonly subject?: string;
  /** Key identifiers tell authorities of one name apart. */
  readonly hasKeyId?: boolean;
}

function make(name: string, recipe: Recipe): void {
  const { ca = false, by, key, hash = 'sha256', subject = name, hasKeyId = true } = recipe;
  execFileSync(
    'openssl',
    [
      ...['req', '-x509', '-nodes', '-subj', `/CN=${subject}`, `-${hash}`],
      ...['-keyout', `${name}.key`, '-out', `${name}.crt`],
      ...(key === undefined
        ? ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256']
        : ['-newkey', key]),
      ...['-addext', `basicConstraints=critical,CA:${ca ? 'true' : 'false'}`],
      ...(hasKeyId
        ? []
        : [
            ...['-addext', 'subjectKeyIdentifier=none'],
            ...['-addext', 'authorityKeyIdentifier=none'],
          ]),
      ...(by === undefined ? [] : ['-CA', `${by}.crt`, '-CAkey', `${by}.key`]),
    ],
    { cwd: directory, stdio: 'ignore' },
  );
}

function certificate(name: string): X509Certificate {
  return new X509Certificate(readFileSync(join(directory, `${name}.crt`)));
}

function chain(own: readonly string[], authorities: readonly string[]): string[] {
  return chainFaults(own.map(certificate), authorities.map(certificate), FROM).map(
    ({ code, details }) => `${code}: ${details.message}`,
  );
}

describe('chainFaults', () => {
  it.each([
    { own: ['leaf'], authorities: [] },
    { own: ['leaf'], authorities: ['root', 'issuing'] },
    { own: ['leaf', 'issuing'], authorities: [] },
    { own: ['alone'], authorities: [] },
    { own: ['root'], authorities: [] },
    { own: [], authorities: [] },
  ])('finds nothing wrong with $own and $authorities', ({ own, authorities }) => {
    expect(chain(own, authorities)).toEqual([]);
  });

  it('says which authority is missing', () => {
    expect(chain(['leaf'], ['root'])).toEqual([
      'secret/chain-broken: none of the authorities beside CN=leaf has issued it, but CN=issuing',
    ]);
  });

  it('is not taken in by an authority of the same name', () => {
    make('again', { ca: true, subject: 'issuing', hasKeyId: false });
    make('unnamed', { by: 'issuing', hasKeyId: false });
    expect(chain(['unnamed'], ['again'])).toEqual([
      'secret/chain-broken: none of the authorities beside CN=unnamed has issued it, but CN=issuing',
    ]);
  });

  it('takes no authority for a gateway, and one gateway only', () => {
    expect(chain(['issuing'], ['root'])).toEqual([
      "secret/leaf-is-authority: CN=issuing is the certificate of an authority, which no peer takes for a gateway's",
    ]);
    expect(chain(['leaf', 'second', 'alone'], ['issuing'])).toEqual([
      'secret/several-leaves: 3 certificates of gateways are in one secret',
    ]);
  });
});

describe('weaknessFaults', () => {
  const weak = (...names: string[]): string[] =>
    weaknessFaults(names.map(certificate), FROM).map(({ details }) => details.message);

  it('names keys and signatures that strict peers refuse', () => {
    expect(weak('leaf', 'short', 'old')).toEqual([
      'CN=short has an RSA key of 1024 bits, which RHEL 9 and other strict peers refuse',
      'CN=old has a signature by ecdsa-with-SHA1, which RHEL 9 and other strict peers refuse',
    ]);
  });

  it('passes over what an authority has signed itself', () => {
    expect(weak('old-root')).toEqual([]);
  });
});
