// Authorities and certificates by plain `openssl`, as a stranger would make them.
// Manual: openssl-req(1) of OpenSSL 3.0, where -CA and -CAkey sign with another key.

import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import { join } from 'node:path';
import { mustExecute } from './execute.ts';

export type KeyAlgorithm = 'ecdsa' | 'rsa' | 'rsa-pss' | 'ed25519';

const KEY_OPTIONS: Readonly<Record<KeyAlgorithm, readonly string[]>> = {
  ecdsa: ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:secp384r1'],
  rsa: ['-newkey', 'rsa:3072'],
  // The signature of the authority, with a salt as long as the hash.
  'rsa-pss': [
    ...['-newkey', 'rsa:3072', '-sha256'],
    ...['-sigopt', 'rsa_padding_mode:pss', '-sigopt', 'rsa_pss_saltlen:-1'],
  ],
  ed25519: ['-newkey', 'ed25519'],
};

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
  /** Where its authority says that its list is. */
  readonly crlUrl?: string;
  /** What its key may be used for: `digitalSignature` if absent. */
  readonly keyUsage?: string;
  /** From now on for a year if absent. */
  readonly valid?: { readonly from: Date; readonly to: Date };
}

/** A root, or one below `issuer`. */
export async function createAuthority(
  request: CertificateRequest,
  issuer?: Credentials,
): Promise<Credentials> {
  return make(request, issuer, [
    'basicConstraints=critical,CA:true',
    'keyUsage=critical,keyCertSign,cRLSign',
  ]);
}

export async function issueCertificate(request: LeafRequest): Promise<Credentials> {
  const { authority, crlUrl, keyUsage = 'digitalSignature', valid } = request;
  const names = request.alternativeNames.map(
    (name) => `${isIP(name) === 0 ? 'DNS' : 'IP'}:${name}`,
  );
  const made = await make(request, authority, [
    ...['basicConstraints=critical,CA:false', `keyUsage=critical,${keyUsage}`],
    ...(names.length === 0 ? [] : [`subjectAltName=${names.join(',')}`]),
    ...(crlUrl === undefined ? [] : [`crlDistributionPoints=URI:${crlUrl}`]),
  ]);
  if (valid !== undefined) await signAgain(made, authority, valid);
  return made;
}

/** Each certificate of a PEM file: swanctl reads one from a file. */
export function certificatesIn(pem: string): string[] {
  return pem.match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----\n/g) ?? [];
}

/** A list of revoked certificates (RFC 5280 §5), signed by their authority; its path. */
export async function revoke(
  certificates: readonly string[],
  authority: Credentials,
): Promise<string> {
  return withAuthority(authority, async (ca) => {
    for (const certificate of certificates) await ca(['-revoke', certificate]);
    const list = `${authority.certificate}.crl`;
    await ca(['-gencrl', '-crldays', '1', '-out', list]);
    return list;
  });
}

/** The same certificate for another time, which only `openssl ca` can set. */
async function signAgain(
  { certificate, key }: Credentials,
  authority: Credentials,
  { from, to }: { readonly from: Date; readonly to: Date },
): Promise<void> {
  const request = `${certificate}.csr`;
  await mustExecute('openssl', [
    ...['x509', '-x509toreq', '-copy_extensions', 'copyall', '-in', certificate],
    ...['-signkey', key, '-out', request],
  ]);
  await withAuthority(authority, (ca) =>
    ca([
      ...['-in', request, '-out', certificate, '-notext', '-preserveDN'],
      ...['-startdate', asn1Time(from), '-enddate', asn1Time(to)],
    ]),
  );
  await rm(request);
}

/** Runs `openssl ca` with an authority that remembers nothing afterwards. */
async function withAuthority<T>(
  { certificate, key }: Credentials,
  work: (ca: (args: readonly string[]) => Promise<string>) => Promise<T>,
): Promise<T> {
  const directory = await mkdtemp(`${certificate}.`);
  const settings = join(directory, 'ca.cnf');
  await writeFile(
    settings,
    `[ca]
default_ca = lab
[lab]
database = ${join(directory, 'index')}
new_certs_dir = ${directory}
rand_serial = yes
default_md = sha384
policy = any
copy_extensions = copyall
crl_extensions = list
[list]
authorityKeyIdentifier = keyid
[any]
commonName = optional
organizationName = optional
`,
  );
  await writeFile(join(directory, 'index'), '');
  try {
    return await work((args) =>
      mustExecute('openssl', [
        ...['ca', '-batch', '-config', settings, '-cert', certificate, '-keyfile', key, ...args],
      ]),
    );
  } finally {
    await rm(directory, { recursive: true });
  }
}

/** GeneralizedTime of RFC 5280 §4.1.2.5.2: `20210101000000Z`. */
function asn1Time(time: Date): string {
  return `${time.toISOString().replaceAll(/[-:T]/g, '').slice(0, 14)}Z`;
}

async function make(
  { directory, name, subject, algorithm = 'ecdsa' }: CertificateRequest,
  issuer: Credentials | undefined,
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
    ...['req', '-x509', '-config', settings, '-subj', subject, '-days', '365', '-noenc'],
    ...['-utf8', ...KEY_OPTIONS[algorithm], '-keyout', key, '-out', certificate],
    ...(issuer === undefined ? [] : ['-CA', issuer.certificate, '-CAkey', issuer.key]),
  ]);
  await rm(settings);
  return { certificate, key };
}
