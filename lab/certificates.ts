// Authorities and certificates by plain `openssl`, as a stranger would make them.
// Manual: openssl-req(1) of OpenSSL 3.0, where -CA and -CAkey sign with another key.

import { mkdir, rm, writeFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import { join } from 'node:path';
import { mustExecute } from './execute.ts';

const KEY_OPTIONS = {
  ecdsa: ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:secp384r1'],
  rsa: ['-newkey', 'rsa:3072'],
  ed25519: ['-newkey', 'ed25519'],
} as const;

export type KeyAlgorithm = keyof typeof KEY_OPTIONS;

/** Paths of PEM files. */
export interface Credentials {
  readonly certificate: string;
  readonly key: string;
}

export interface CertificateRequest {
  /** Where `NAME.crt` and `NAME.key` go. */
  readonly directory: string;
  readonly name: string;
  /** As openssl writes it: `/O=Partner B/CN=vpn`. */
  readonly subject: string;
  /** `ecdsa` (P-384) if absent. */
  readonly algorithm?: KeyAlgorithm;
}

export interface LeafRequest extends CertificateRequest {
  readonly authority: Credentials;
  /** DNS names and IP addresses. */
  readonly alternativeNames: readonly string[];
}

export async function createAuthority(request: CertificateRequest): Promise<Credentials> {
  return make(
    request,
    [],
    ['basicConstraints=critical,CA:true', 'keyUsage=critical,keyCertSign,cRLSign'],
  );
}

export async function issueCertificate(request: LeafRequest): Promise<Credentials> {
  const { certificate, key } = request.authority;
  const names = request.alternativeNames.map(
    (name) => `${isIP(name) === 0 ? 'DNS' : 'IP'}:${name}`,
  );
  return make(
    request,
    ['-CA', certificate, '-CAkey', key],
    [
      ...['basicConstraints=critical,CA:false', 'keyUsage=critical,digitalSignature'],
      ...(names.length === 0 ? [] : [`subjectAltName=${names.join(',')}`]),
    ],
  );
}

async function make(
  { directory, name, subject, algorithm = 'ecdsa' }: CertificateRequest,
  signer: readonly string[],
  extensions: readonly string[],
): Promise<Credentials> {
  await mkdir(directory, { recursive: true });
  const [certificate, key] = [join(directory, `${name}.crt`), join(directory, `${name}.key`)];
  // A configuration of our own: the machine's adds "CA:true" to whatever it signs.
  const settings = join(directory, `${name}.cnf`);
  const section = [
    '[req]',
    'distinguished_name=subject',
    'x509_extensions=wanted',
    '[subject]',
    '[wanted]',
  ];
  await writeFile(settings, `${[...section, ...extensions].join('\n')}\n`);
  await mustExecute('openssl', [
    ...['req', '-x509', '-config', settings, '-subj', subject, '-days', '30', '-noenc'],
    ...[...KEY_OPTIONS[algorithm], '-keyout', key, '-out', certificate, ...signer],
  ]);
  await rm(settings);
  return { certificate, key };
}
