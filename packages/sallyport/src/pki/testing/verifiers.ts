/** Programs that check certificates, each with a library of its own, as peers and auditors do. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { KeyType } from '../../model/key-type.ts';
import { certificatesToPem, toPem } from '../pem.ts';
import type { X509Certificate, X509Crl } from '../x509.ts';

export interface Published {
  readonly root: X509Certificate;
  readonly issuing: X509Certificate;
  readonly leaf: X509Certificate;
  /** Of the root and of the issuing authority. */
  readonly lists: readonly X509Crl[];
}

export interface Verdict {
  readonly accepted: boolean;
  readonly output: string;
}

export interface Verifier {
  readonly name: string;
  /** Kinds of keys that it has never heard of. */
  readonly unknown: readonly KeyType[];
  /** Each time in a directory of its own below this one. */
  readonly verify: (published: Published, directory: string) => Verdict;
}

export const VERIFIERS: readonly Verifier[] = [
  { name: 'openssl', unknown: [], verify: byOpenssl },
  { name: 'GnuTLS', unknown: [], verify: byGnutls },
  { name: 'strongSwan', unknown: [], verify: byStrongswan },
  // NSS of Debian 12.
  { name: 'NSS', unknown: ['ed25519'], verify: byNss },
];

/** By the manual openssl-verification-options(1): as a server and as a client, everything checked. */
function byOpenssl(published: Published, directory: string): Verdict {
  const at = write(published, directory);
  return all(
    ['sslserver', 'sslclient'].map((purpose) => [
      ...['openssl', 'verify', '-x509_strict', '-policy_check', '-purpose', purpose],
      ...['-CAfile', at('root.pem'), '-untrusted', at('issuing.pem')],
      ...['-CRLfile', at('lists.pem'), '-crl_check_all', at('leaf.pem')],
    ]),
  );
}

/** By the manual certtool(1). */
function byGnutls(published: Published, directory: string): Verdict {
  const at = write(published, directory);
  const trust = ['--load-ca-certificate', at('root.pem'), '--verify-profile', 'high'];
  return all([
    ['certtool', '--verify', ...trust, '--load-crl', at('lists.pem'), '--infile', at('chain.pem')],
    ['certtool', '--verify-chain', '--infile', at('whole.pem')],
    ['certtool', '--certificate-info', '--infile', at('leaf.pem')],
  ]);
}

/** By the manual pki---verify(1). */
function byStrongswan(published: Published, directory: string): Verdict {
  const at = write(published, directory);
  const authorities = ['--cacert', at('root.pem'), '--cacert', at('issuing.pem')];
  const lists = published.lists.flatMap((_list, index) => ['--crl', at(`${String(index)}.crl`)]);
  return all([['pki', '--verify', '--in', at('leaf.pem'), ...authorities, ...lists]]);
}

/** By the manuals certutil(1) and crlutil(1), for IPsec as Libreswan asks. */
function byNss(published: Published, directory: string): Verdict {
  const at = write(published, directory);
  const database = ['-d', `sql:${at('nss')}`];
  mkdirSync(at('nss'));
  const add = (name: string, trust: string): readonly string[] => [
    ...['certutil', '-A', ...database, '-n', name, '-t', trust, '-a', '-i', at(`${name}.pem`)],
  ];
  return all([
    ['certutil', '-N', ...database, '--empty-password'],
    ...[add('root', 'CT,C,C'), add('issuing', ',,'), add('leaf', ',,')],
    ...published.lists.map((_list, index) => [
      ...['crlutil', '-I', ...database, '-i', at(`${String(index)}.crl`)],
    ]),
    ['certutil', '-V', ...database, '-n', 'leaf', '-u', 'I', '-e'],
  ]);
}

/** Returns where each file is. */
function write(
  { root, issuing, leaf, lists }: Published,
  directory: string,
): (name: string) => string {
  const own = mkdtempSync(join(directory, 'verify-'));
  const files: Readonly<Record<string, string | Uint8Array>> = {
    'root.pem': certificatesToPem([root]),
    'issuing.pem': certificatesToPem([issuing]),
    'leaf.pem': certificatesToPem([leaf]),
    'chain.pem': certificatesToPem([leaf, issuing]),
    'whole.pem': certificatesToPem([leaf, issuing, root]),
    'lists.pem': lists.map(({ rawData }) => toPem('X509 CRL', rawData)).join(''),
    ...Object.fromEntries(
      lists.map(({ rawData }, index) => [`${String(index)}.crl`, new Uint8Array(rawData)]),
    ),
  };
  for (const [name, content] of Object.entries(files)) writeFileSync(join(own, name), content);
  return (name) => join(own, name);
}

/** Each program accepts it. */
function all(commands: readonly (readonly string[])[]): Verdict {
  let output = '';
  for (const [program = '', ...args] of commands) {
    const { status, stdout, stderr } = spawnSync(program, args, { encoding: 'utf8' });
    output += stdout + stderr;
    if (status !== 0) return { accepted: false, output };
  }
  return { accepted: true, output };
}
