// The left site of `two-sites` run by Sallyport, which keeps the authority and issues its own certificate, and the right one
// by a stranger with a certificate of the same authority.

import { readFile, writeFile } from 'node:fs/promises';
import { connection, LEFT_SITE, secret } from '../declarations/left-site.ts';
import { Sallyport } from '../sallyport.ts';
import { certifiedCustomerSite } from '../sites/customer.ts';
import { Stranger } from '../stranger.ts';
import type { Lab } from '../topology.ts';
import { createTwoSites, type TwoSitesHost } from './two-sites.ts';

const TUNNEL = '{local: {id: left.example}, remote: {address: 203.0.113.1, id: right.example}}';

/** `spec`: YAML in one line. */
function authority(name: string, spec: string): string {
  return `---\napiVersion: sallyport.dev/v1alpha1\nkind: CertificateAuthority\nmetadata: {name: ${name}}\nspec: ${spec}\n`;
}

const SITE =
  LEFT_SITE +
  authority('root', "{host: left, subject: 'O=Example, CN=Root', passphraseFile: pass}") +
  authority(
    'site',
    "{host: left, subject: 'O=Example, CN=Site', passphraseFile: pass, parent: root, pathLength: 0}",
  ) +
  secret('own', '{issued: {authority: site, altNames: [left.example]}}') +
  connection({ name: 'right', networks: '10.2.0.0/24', tunnel: TUNNEL }).replace(
    'auth: {psk: {secret: key}}',
    'auth: {certificate: {secret: own}}',
  );

export class IssuedSites {
  readonly lab: Lab<TwoSitesHost>;
  readonly left: Sallyport;
  readonly stranger: Stranger;
  /** Declarations for `-f`. */
  readonly file: string;

  private constructor(lab: Lab<TwoSitesHost>, left: Sallyport, stranger: Stranger, file: string) {
    this.lab = lab;
    this.left = left;
    this.stranger = stranger;
    this.file = file;
  }

  /** Applied, and up. */
  static async create(): Promise<IssuedSites> {
    const lab = await createTwoSites();
    const left = new Sallyport(lab.host('gwa'));
    await left.host.write('pass', 'a passphrase for the lab');
    const file = await left.declare('site', SITE, { key: 'of no use here' });
    await left.startAgent();
    await left.mustRun(['apply', '-f', file]);
    const right = lab.host('gwb');
    const stranger = new Stranger(right, {
      configFile: await right.write('site.conf', certifiedCustomerSite()),
      dataPlane: 'kernel',
      credentials: { certificate: right.file('right.crt'), key: right.file('right.key') },
      // Those that the other side has by now; swanctl reads one certificate from each file.
      authorities: [0, 1, 2, 3].map((index) => right.file(`ca-${String(index)}.crt`)),
    });
    const sites = new IssuedSites(lab, left, stranger, file);
    await sites.certifyStranger('site', 'right');
    await sites.tellStranger();
    await stranger.start();
    await left.untilUp('right');
    return sites;
  }

  /** What the other side's administrator gets, and puts in the place of what is there. */
  async certifyStranger(authorityName: string, name: string): Promise<void> {
    const out = this.left.host.file('for-right');
    await this.left.mustRun([
      ...['pki', 'issue', name, '--authority', authorityName, '--alt-name', 'right.example'],
      ...['--passphrase-file', this.left.host.file('pass'), '--out', out],
    ]);
    for (const end of ['crt', 'key'])
      await this.stranger.host.write(
        `right.${end}`,
        await readFile(`${out}/${name}.${end}`, 'utf8'),
      );
  }

  /** Whom to trust, as `pki export` has it now. */
  async tellStranger(): Promise<void> {
    const pem = await this.left.mustRun(['pki', 'export', 'site']);
    const found = pem.match(/-----BEGIN[^]*?-----END CERTIFICATE-----\n/g) ?? [];
    for (const index of [0, 1, 2, 3]) {
      // There are never fewer than one, and one twice does no harm.
      const text = found[index] ?? found[0] ?? '';
      await writeFile(this.stranger.host.file(`ca-${String(index)}.crt`), text);
    }
  }

  /** Serial number of the certificate that the other side has shown last, as our agent reads it back. */
  async shownByStranger(): Promise<string | undefined> {
    return (await this.left.tunnel('right')).certificates?.remote?.serial;
  }

  /** Serial number. */
  async lastIssued(authorityName: string): Promise<string | undefined> {
    const listed = (await this.left.mustRun(['pki', 'list', authorityName])).trimEnd().split('\n');
    return listed.at(-1)?.split(' ')[0];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.lab.close();
  }
}
