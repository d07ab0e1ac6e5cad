// The left site of `two-sites` run by Sallyport and the right one by a stranger, both with certificates of an
// authority that `sallyport pki` has made on the left gateway. Declared and applied by the case.

import { readFile } from 'node:fs/promises';
import { certificatesIn } from '../certificates.ts';
import { connection, LEFT_SITE, secret } from '../declarations/left-site.ts';
import { Sallyport } from '../sallyport.ts';
import { certifiedCustomerSite } from '../sites/customer.ts';
import { Stranger } from '../stranger.ts';
import type { Lab } from '../topology.ts';
import { createTwoSites, type TwoSitesHost } from './two-sites.ts';

const TUNNEL = '{local: {id: left.example}, remote: {address: 203.0.113.1, id: right.example}}';

const SITE =
  LEFT_SITE +
  secret(
    'own',
    '{pem: {certificate: pki/left.crt, key: pki/left.key, authorities: [pki/left-ca.crt]}}',
  ) +
  secret('peer', '{authority: {files: [pki/left-ca.crt]}}') +
  connection({ name: 'right', networks: '10.2.0.0/24', tunnel: TUNNEL }).replace(
    'auth: {psk: {secret: key}}',
    'auth: {certificate: {secret: own, peerAuthority: peer}}',
  );

export interface CertifiedOptions {
  /** As `sallyport pki` names it. */
  readonly keyType: string;
  /** Where the issuing authority says that its list is. */
  readonly crlUrl?: string;
}

export class CertifiedSites {
  readonly lab: Lab<TwoSitesHost>;
  readonly left: Sallyport;
  readonly stranger: Stranger;
  /** Declarations for `-f`. */
  readonly file: string;
  /** Where the certificates are. */
  readonly directory: string;
  /** By the issuing authority, `site`. */
  readonly signing: readonly string[];

  private constructor(
    lab: Lab<TwoSitesHost>,
    left: Sallyport,
    stranger: Stranger,
    places: { readonly file: string; readonly directory: string; readonly pass: string },
  ) {
    this.lab = lab;
    this.left = left;
    this.stranger = stranger;
    this.file = places.file;
    this.directory = places.directory;
    this.signing = ['--authority', 'site', '--passphrase-file', places.pass];
  }

  static async create({ keyType, crlUrl }: CertifiedOptions): Promise<CertifiedSites> {
    const lab = await createTwoSites();
    const [gwa, gwb] = [lab.host('gwa'), lab.host('gwb')];
    const left = new Sallyport(gwa);
    const pass = await gwa.write('pass', 'a passphrase for the lab');
    const directory = gwa.file('pki');
    const secrets = ['--passphrase-file', pass, '--key-type', keyType];
    const create = ['pki', 'ca', 'create'];
    await left.mustRun([...create, 'root', '--subject', 'O=Example, CN=Root', ...secrets]);
    await left.mustRun([
      ...[...create, 'site', '--subject', 'O=Example, CN=Site', ...secrets],
      ...['--parent', 'root', '--parent-passphrase-file', pass],
      ...(crlUrl === undefined ? [] : ['--crl-url', crlUrl]),
    ]);
    const stranger = new Stranger(gwb, {
      configFile: await gwb.write('site.conf', certifiedCustomerSite()),
      dataPlane: 'kernel',
      credentials: { certificate: `${directory}/right.crt`, key: `${directory}/right.key` },
      authorities: ['ca-0.crt', 'ca-1.crt'].map((name) => gwb.file(name)),
    });
    const file = await left.declare('site', SITE, { key: 'of no use here' });
    const sites = new CertifiedSites(lab, left, stranger, { file, directory, pass });
    for (const name of ['left', 'right']) {
      const names = ['--alt-name', `${name}.example`, '--key-type', keyType];
      await sites.pki('issue', name, ...sites.signing, ...names, '--out', directory);
    }
    const pem = await readFile(`${directory}/right-ca.crt`, 'utf8');
    for (const [index, text] of certificatesIn(pem).entries())
      await gwb.write(`ca-${String(index)}.crt`, text);
    await stranger.start();
    await left.startAgent();
    return sites;
  }

  async pki(...words: readonly string[]): Promise<string> {
    return this.left.mustRun(['pki', ...words]);
  }

  /** Serial numbers of what the issuing authority has issued, the last one last. */
  async serials(): Promise<string[]> {
    const lines = (await this.pki('list', 'site')).trimEnd().split('\n');
    return lines.flatMap((line) => line.split(' ')[0] ?? []);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.lab.close();
  }
}
