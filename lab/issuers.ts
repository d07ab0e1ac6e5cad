// Authorities of two levels, a root and one below it that certifies: those of `sallyport pki`, and those of somebody
// who has openssl.

import { readFile } from 'node:fs/promises';
import {
  type Credentials,
  createAuthority,
  issueCertificate,
  type KeyAlgorithm,
  type LeafRequest,
} from './certificates.ts';
import type { Sallyport } from './sallyport.ts';

export interface IssuerRequest {
  /** Unique among all; in the names of the authorities too. */
  readonly name: string;
  readonly algorithm: Exclude<KeyAlgorithm, 'rsa'>;
}

export type Wanted = Pick<LeafRequest, 'name' | 'subject' | 'alternativeNames' | 'crlUrl'>;

export interface Issuer {
  /** Path of the root's certificate. */
  readonly root: string;
  /** PEM of the one below it. */
  readonly intermediate: string;
  /** The YAML of a Secret that has the certificate; paths are absolute. */
  secretOf(credentials: Credentials): string;
  issue(wanted: Wanted): Promise<Credentials>;
}

export interface OpensslIssuer extends Issuer {
  /** The one that certifies. */
  readonly signer: Credentials;
}

const KEY_TYPES: Readonly<Record<IssuerRequest['algorithm'], string>> = {
  ecdsa: 'ecdsa-p384',
  'rsa-pss': 'rsa-pss-3072',
  ed25519: 'ed25519',
};

/** Gives the chain beside the certificate, with the root. */
export async function sallyportIssuer(
  sallyport: Sallyport,
  { name, algorithm }: IssuerRequest,
): Promise<Issuer> {
  const { host } = sallyport;
  const pki = (...words: readonly string[]): Promise<string> =>
    sallyport.mustRun(['pki', ...words]);
  const pass = await host.write('pass', 'a passphrase for the lab');
  const keyType = ['--key-type', KEY_TYPES[algorithm]];
  const create = (authority: string, ...more: readonly string[]): Promise<string> =>
    pki(
      ...['ca', 'create', authority, '--subject', `O=Lab, CN=${authority}`],
      ...['--passphrase-file', pass, ...keyType, ...more],
    );
  await create(`${name}-root`);
  await create(name, '--parent', `${name}-root`, '--parent-passphrase-file', pass);
  const chain = await pki('export', name);
  return {
    root: await host.write(`${name}-root.crt`, await pki('export', `${name}-root`)),
    intermediate: chain.slice(0, chain.indexOf('-----BEGIN', 1)),
    secretOf: ({ certificate, key }) =>
      `{pem: {certificate: ${certificate}, key: ${key}, authorities: [${certificate.replace(/\.crt$/, '-ca.crt')}]}}`,
    issue: async ({ name: leaf, subject, alternativeNames }) => {
      await pki(
        ...['issue', leaf, '--authority', name, '--passphrase-file', pass, ...keyType],
        ...['--subject', subject.slice(1).replaceAll('/', ', '), '--out', host.file('issued')],
        ...['--alt-name', ...alternativeNames],
      );
      const path = host.file(`issued/${leaf}`);
      return { certificate: `${path}.crt`, key: `${path}.key` };
    },
  };
}

/** Gives the chain in the file of the certificate, without the root. */
export async function opensslIssuer(
  directory: string,
  { name, algorithm }: IssuerRequest,
): Promise<OpensslIssuer> {
  const root = await createAuthority({
    ...{ directory, name: `${name}-root`, subject: `/O=Lab/CN=${name}-root`, algorithm },
  });
  const signer = await createAuthority(
    { directory, name, subject: `/O=Lab/CN=${name}`, algorithm },
    root,
  );
  const intermediate = await readFile(signer.certificate, 'utf8');
  return {
    root: root.certificate,
    ...{ intermediate, signer },
    secretOf: ({ certificate, key }) =>
      `{pem: {certificate: ${certificate}, key: ${key}, authorities: ['${signer.certificate}']}}`,
    issue: (wanted) => issueCertificate({ directory, algorithm, authority: signer, ...wanted }),
  };
}
