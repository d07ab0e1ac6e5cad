// Three gateways of the network of partners, gw and gwa run by Sallyport, gwb by a stranger, and nine tunnels
// between them by certificates. Every authority is a root, which the other side trusts, and one below it, which
// the other side does not know.

import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { Credentials } from '../certificates.ts';
import { connection, STRONG_POLICY, secret } from '../declarations/left-site.ts';
import {
  type Issuer,
  type IssuerRequest,
  type OpensslIssuer,
  opensslIssuer,
  sallyportIssuer,
  type Wanted,
} from '../issuers.ts';
import { projectDirectory } from '../paths.ts';
import { Sallyport } from '../sallyport.ts';
import { Stranger } from '../stranger.ts';
import type { Lab } from '../topology.ts';
import { createPartnersNetwork, type PartnersHost } from './partners.ts';

const GATEWAYS = {
  gw: { address: '198.51.100.1', host: 'web1', inner: '10.1.0' },
  gwa: { address: '203.0.113.1', host: 'hosta', inner: '10.2.0' },
  gwb: { address: '203.0.113.5', host: 'hostb', inner: '10.20.0' },
} as const;

export type GatewayName = keyof typeof GATEWAYS;
type Key = IssuerRequest['algorithm'];
/** Whose authority: made by `sallyport pki`, or by openssl. */
type Maker = 'sallyport' | 'openssl';

export interface Row {
  readonly number: number;
  readonly key: Key;
  /** What both sides are named by. */
  readonly id: 'subject' | 'name' | 'address';
  readonly ends: readonly ['gw' | 'gwa', 'gwa' | 'gwb'];
  /** Of the certificates of the two ends. */
  readonly makers: readonly [Maker, Maker];
}

const OURS = ['sallyport', 'sallyport'] as const;
const OPENSSL = ['openssl', 'openssl'] as const;
const EACH_ITS_OWN = ['sallyport', 'openssl'] as const;

/** An orthogonal array of strength two: any two values of different columns meet in one tunnel. */
export const ROWS: readonly Row[] = [
  { number: 1, key: 'ecdsa', id: 'subject', ends: ['gw', 'gwa'], makers: OURS },
  { number: 2, key: 'ecdsa', id: 'name', ends: ['gw', 'gwb'], makers: EACH_ITS_OWN },
  { number: 3, key: 'ecdsa', id: 'address', ends: ['gwa', 'gwb'], makers: OPENSSL },
  { number: 4, key: 'rsa-pss', id: 'subject', ends: ['gw', 'gwb'], makers: OPENSSL },
  { number: 5, key: 'rsa-pss', id: 'name', ends: ['gwa', 'gwb'], makers: OURS },
  { number: 6, key: 'rsa-pss', id: 'address', ends: ['gw', 'gwa'], makers: EACH_ITS_OWN },
  { number: 7, key: 'ed25519', id: 'subject', ends: ['gwa', 'gwb'], makers: EACH_ITS_OWN },
  { number: 8, key: 'ed25519', id: 'name', ends: ['gw', 'gwa'], makers: OPENSSL },
  { number: 9, key: 'ed25519', id: 'address', ends: ['gw', 'gwb'], makers: OURS },
];

/** What charon takes as `asn1dn:#` only: text over VICI is ASCII. */
const UMLAUTS = {
  subject: '/C=CH/O=Müller, Söhne/CN=gwb-7',
  der: '3037310b300906035504061302434831183016060355040a0c0f4dc3bc6c6c65722c2053c3b6686e65310e300c06035504030c056777622d37',
} as const;

/** Both ends of a tunnel as pinger and address. */
export interface Way {
  readonly host: PartnersHost;
  readonly from: string;
  readonly to: string;
}

export function wayOf({ number, ends: [left, right] }: Row): Way {
  const inside = (name: GatewayName): string =>
    `${GATEWAYS[name].inner}.${String(16 * number + 1)}`;
  return { host: GATEWAYS[left].host, from: inside(left), to: inside(right) };
}

/** As openssl and strongSwan read it; `sallyport pki` makes plain ones only. */
function subjectOf({ number, id, ends, makers }: Row, gateway: GatewayName): string {
  if (number === 7 && gateway === 'gwb') return UMLAUTS.subject;
  const isPlain = id !== 'subject' || makers[ends[0] === gateway ? 0 : 1] === 'sallyport';
  // Ours has no quotes: Secrets with them are refused.
  const works = gateway === 'gwb' ? '"Works"' : 'Works';
  const company = isPlain ? 'Lab' : `Example, ${works} \\+ Sons`;
  return `/C=CH/O=${company}/CN=${gateway}-${String(number)}`;
}

/** What the certificate of one end has to say. */
export function wantedOf(row: Row, gateway: GatewayName): Wanted {
  const { number, id } = row;
  const name = `${gateway}-${String(number)}`;
  return {
    ...{ name, subject: subjectOf(row, gateway) },
    alternativeNames: [id === 'address' ? GATEWAYS[gateway].address : `${name}.example`],
  };
}

export class CertifiedPartners {
  readonly lab: Lab<PartnersHost>;
  readonly gw: Sallyport;
  readonly gwa: Sallyport;
  readonly stranger: Stranger;
  readonly #sallyport = new Map<Key, Promise<Issuer>>();
  readonly #openssl = new Map<Key, Promise<OpensslIssuer>>();
  readonly #secrets = { gw: '', gwa: '' };

  private constructor(lab: Lab<PartnersHost>) {
    this.lab = lab;
    this.gw = new Sallyport(lab.host('gw'));
    this.gwa = new Sallyport(lab.host('gwa'));
    this.stranger = new Stranger(lab.host('gwb'), {
      configFile: join(projectDirectory, 'lab', 'sites', 'certificates-peer.conf'),
      dataPlane: 'kernel',
    });
  }

  /** Everything is up when this returns. */
  static async create(): Promise<CertifiedPartners> {
    const sites = new CertifiedPartners(await createPartnersNetwork());
    try {
      await sites.#build();
      return sites;
    } catch (error) {
      await sites.lab.close();
      throw error;
    }
  }

  async sallyport(algorithm: Key): Promise<Issuer> {
    return once(this.#sallyport, algorithm, () =>
      sallyportIssuer(this.gw, { name: `sallyport-${algorithm}`, algorithm }),
    );
  }

  async openssl(algorithm: Key): Promise<OpensslIssuer> {
    const directory = this.lab.host('gwb').file('authorities');
    return once(this.#openssl, algorithm, () =>
      opensslIssuer(directory, { name: `openssl-${algorithm}`, algorithm }),
    );
  }

  /** The stranger's certificate for a tunnel, from now on. */
  async present(credentials: Credentials, { number }: Row): Promise<void> {
    await this.#give(credentials, `gwb-${String(number)}`);
    await this.stranger.reload();
    await this.stranger.trySwanctl(['--terminate', '--ike', `t${String(number)}`]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.lab.close();
  }

  async #build(): Promise<void> {
    for (const row of ROWS) await this.#certify(row);
    for (const made of [...this.#sallyport.values(), ...this.#openssl.values()]) {
      const { root, intermediate } = await made;
      await this.#put(root, 'x509ca');
      const path = `${root}.below.crt`;
      await writeFile(path, intermediate);
      await this.#put(path, 'x509');
    }
    for (const { host, inner } of Object.values(GATEWAYS))
      await this.lab
        .host(host)
        .ip(
          ROWS.map(({ number }) => `address add ${inner}.${String(16 * number + 1)}/24 dev eth0`),
        );
    await this.stranger.start();
    await Promise.all([this.gw.startAgent(), this.gwa.startAgent()]);
    await Promise.all([this.#apply('gw'), this.#apply('gwa')]);
  }

  async #apply(name: 'gw' | 'gwa'): Promise<void> {
    const gateway = this[name];
    const rows = ROWS.filter(({ ends: [left, right] }) => left === name || right === name);
    const file = await gateway.declare('site', declarationOf(name, rows) + this.#secrets[name]);
    await gateway.mustRun(['apply', '-f', file]);
  }

  async #certify(row: Row): Promise<void> {
    const { number, key, ends, makers } = row;
    for (const [index, name] of ends.entries()) {
      const leaf = `${name}-${String(number)}`;
      const own = await this[makers[index] ?? 'openssl'](key);
      const credentials = await own.issue(wantedOf(row, name));
      if (name === 'gwb') {
        await this.#give(credentials, leaf);
        continue;
      }
      const { root } = await this[makers[1 - index] ?? 'openssl'](key);
      this.#secrets[name] +=
        secret(`own-${String(number)}`, own.secretOf(credentials)) +
        secret(`peer-${String(number)}`, `{authority: {files: ['${root}']}}`);
    }
  }

  async #give({ certificate, key }: Credentials, name: string): Promise<void> {
    await this.#put(certificate, 'x509', `${name}.crt`);
    await this.#put(key, 'private', `${name}.key`);
  }

  async #put(file: string, folder: string, name = basename(file)): Promise<void> {
    const directory = this.lab.host('gwb').file(join('swanctl', folder));
    await mkdir(directory, { recursive: true });
    await copyFile(file, join(directory, name));
  }
}

function once<K, T>(made: Map<K, Promise<T>>, key: K, make: () => Promise<T>): Promise<T> {
  const found = made.get(key) ?? make();
  made.set(key, found);
  return found;
}

/** As Sallyport writes it itself (RFC 4514 §2.4). */
function identityOf(subject: string): string {
  if (subject === UMLAUTS.subject) return `asn1dn:#${UMLAUTS.der}`;
  return subject.slice(1).replaceAll(/[,"]/g, '\\$&').replaceAll('/', ', ');
}

/** A gateway for each tunnel, since each has a network of its own. */
function declarationOf(name: GatewayName, rows: readonly Row[]): string {
  const network = (gateway: GatewayName, number: number): string =>
    `${GATEWAYS[gateway].inner}.${String(16 * number)}/28`;
  const site = `
apiVersion: sallyport.dev/v1alpha1
kind: Host
metadata: {name: ${name}}
spec: {addresses: [${GATEWAYS[name].address}]}
${STRONG_POLICY}`;
  return rows.reduce((text, row) => {
    const { number, id, ends } = row;
    const other = ends[0] === name ? ends[1] : ends[0];
    const idOf = (gateway: GatewayName): string =>
      ({
        subject: identityOf(subjectOf(row, gateway)),
        name: `${gateway}-${String(number)}.example`,
        address: GATEWAYS[gateway].address,
      })[id];
    const gateway = `---
apiVersion: sallyport.dev/v1alpha1
kind: Gateway
metadata: {name: edge-${String(number)}}
spec: {placement: {hosts: [${name}]}, networks: [${network(name, number)}]}
`;
    const { address } = GATEWAYS[other];
    return (
      text +
      gateway +
      connection({
        name: `t${String(number)}`,
        networks: network(other, number),
        tunnel: JSON.stringify({ local: { id: idOf(name) }, remote: { address, id: idOf(other) } }),
      })
        .replace('gateway: edge', `gateway: edge-${String(number)}`)
        .replace(
          'auth: {psk: {secret: key}}',
          `auth: {certificate: {secret: own-${String(number)}, peerAuthority: peer-${String(number)}}}`,
        )
    );
  }, site);
}
