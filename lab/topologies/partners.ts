// The network of the demo: our gateway with two workload hosts, partner A by pre-shared key,
// partner B by certificates, each with an own gateway and a host behind it.
//
//   web1 --+                          +-- gwa --- hosta   10.2.0.0/24 10.3.0.0/24
//          +-- gw ======= internet ===+
//   web2 --+                          +-- gwb --- hostb   fd0b::/64 10.20.0.0/24
//   10.1.0.0/24 fd01::/64

import { cp, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createAuthority, issueCertificate } from '../certificates.ts';
import type { LabDataPlane } from '../data-plane.ts';
import { projectDirectory } from '../paths.ts';
import { Sallyport } from '../sallyport.ts';
import { Stranger } from '../stranger.ts';
import { Lab, type TopologyDeclaration } from '../topology.ts';

export type PartnersHost = 'web1' | 'web2' | 'gw' | 'internet' | 'gwa' | 'hosta' | 'gwb' | 'hostb';

/** All networks behind the three gateways. */
export const PARTNERS_INNER_PREFIXES: readonly string[] = [
  ...['10.1.0.0/24', 'fd01::/64', '10.2.0.0/24', '10.3.0.0/24', 'fd0b::/64', '10.20.0.0/24'],
];

/** The key that partner A wrote into its configuration. */
const PARTNER_A_KEY = 'agreed on the telephone, 2x read back';

/** The network alone. */
export async function createPartnersNetwork(): Promise<Lab<PartnersHost>> {
  return Lab.create(NETWORK);
}

export interface PartnersOptions {
  readonly dataPlane: LabDataPlane;
}

/** The network, both partners ready to answer, and the files of our gateway; nothing of ours runs. */
export class Partners {
  readonly lab: Lab<PartnersHost>;
  readonly partnerA: Stranger;
  readonly partnerB: Stranger;
  readonly gateway: Sallyport;
  /** The declarations of our gateway with their secrets, a copy that a case may change. */
  readonly declarations: string;

  private constructor(
    lab: Lab<PartnersHost>,
    partnerA: Stranger,
    partnerB: Stranger,
    declarations: string,
  ) {
    this.lab = lab;
    this.partnerA = partnerA;
    this.partnerB = partnerB;
    this.gateway = new Sallyport(lab.host('gw'));
    this.declarations = declarations;
  }

  static async create({ dataPlane }: PartnersOptions): Promise<Partners> {
    const lab = await createPartnersNetwork();
    try {
      const declarations = await copyDeclarations(lab);
      const partnerA = new Stranger(lab.host('gwa'), { configFile: site('partner-a'), dataPlane });
      const partnerB = await makePartnerB(lab, join(declarations, 'secrets'), dataPlane);
      await partnerA.start();
      await partnerB.start();
      return new Partners(lab, partnerA, partnerB, declarations);
    } catch (error) {
      await lab.close();
      throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.lab.close();
  }
}

const DEFAULT_ROUTES = (hop4: string, hop6: string): Readonly<Record<string, string>> => ({
  '0.0.0.0/0': hop4,
  '::/0': hop6,
});

const NETWORK: TopologyDeclaration<PartnersHost> = {
  hosts: {
    web1: { routes: DEFAULT_ROUTES('10.1.0.1', 'fd01::1') },
    web2: { routes: DEFAULT_ROUTES('10.1.0.1', 'fd01::1') },
    gw: {
      forwarding: true,
      bridges: { lan: { ports: ['lan1', 'lan2'], addresses: ['10.1.0.1/24', 'fd01::1/64'] } },
      routes: DEFAULT_ROUTES('198.51.100.2', '2001:db8:a::2'),
    },
    // It knows the inner networks as well: what a gateway lets out in clear would arrive.
    internet: {
      forwarding: true,
      routes: {
        ...{ '10.1.0.0/24': '198.51.100.1', 'fd01::/64': '2001:db8:a::1' },
        ...{ '10.2.0.0/23': '203.0.113.1' },
        ...{ '10.20.0.0/24': '203.0.113.5', 'fd0b::/64': '2001:db8:c::1' },
      },
    },
    gwa: { forwarding: true, routes: DEFAULT_ROUTES('203.0.113.2', '2001:db8:b::2') },
    hosta: { routes: { '0.0.0.0/0': '10.2.0.1' } },
    gwb: { forwarding: true, routes: DEFAULT_ROUTES('203.0.113.6', '2001:db8:c::2') },
    hostb: { routes: DEFAULT_ROUTES('10.20.0.1', 'fd0b::1') },
  },
  links: [
    {
      name: 'lan1',
      ends: [
        { host: 'web1', interface: 'eth0', addresses: ['10.1.0.11/24', 'fd01::11/64'] },
        { host: 'gw', interface: 'lan1', addresses: [] },
      ],
    },
    {
      name: 'lan2',
      ends: [
        { host: 'web2', interface: 'eth0', addresses: ['10.1.0.12/24', 'fd01::12/64'] },
        { host: 'gw', interface: 'lan2', addresses: [] },
      ],
    },
    {
      name: 'wan',
      ends: [
        { host: 'gw', interface: 'wan', addresses: ['198.51.100.1/30', '2001:db8:a::1/64'] },
        { host: 'internet', interface: 'gw', addresses: ['198.51.100.2/30', '2001:db8:a::2/64'] },
      ],
    },
    {
      name: 'wan-a',
      ends: [
        { host: 'gwa', interface: 'wan', addresses: ['203.0.113.1/30', '2001:db8:b::1/64'] },
        { host: 'internet', interface: 'a', addresses: ['203.0.113.2/30', '2001:db8:b::2/64'] },
      ],
    },
    {
      name: 'wan-b',
      ends: [
        { host: 'gwb', interface: 'wan', addresses: ['203.0.113.5/30', '2001:db8:c::1/64'] },
        { host: 'internet', interface: 'b', addresses: ['203.0.113.6/30', '2001:db8:c::2/64'] },
      ],
    },
    {
      name: 'lan-a',
      ends: [
        { host: 'hosta', interface: 'eth0', addresses: ['10.2.0.2/24', '10.3.0.2/24'] },
        { host: 'gwa', interface: 'lan', addresses: ['10.2.0.1/24', '10.3.0.1/24'] },
      ],
    },
    {
      name: 'lan-b',
      ends: [
        { host: 'hostb', interface: 'eth0', addresses: ['10.20.0.2/24', 'fd0b::2/64'] },
        { host: 'gwb', interface: 'lan', addresses: ['10.20.0.1/24', 'fd0b::1/64'] },
      ],
    },
  ],
};

function site(name: string): string {
  return join(projectDirectory, 'lab', 'sites', `${name}.conf`);
}

async function copyDeclarations(lab: Lab<PartnersHost>): Promise<string> {
  const target = lab.host('gw').file('declarations');
  await cp(join(projectDirectory, 'lab', 'declarations', 'partners'), target, { recursive: true });
  await mkdir(join(target, 'secrets'), { mode: 0o700 });
  await writeFile(join(target, 'secrets', 'partner-a.psk'), PARTNER_A_KEY, { mode: 0o600 });
  return target;
}

/** Each side has an authority of its own, as between two companies. */
async function makePartnerB(
  lab: Lab<PartnersHost>,
  secrets: string,
  dataPlane: LabDataPlane,
): Promise<Stranger> {
  const theirs = lab.host('gwb').file('authority');
  const ourAuthority = await createAuthority({
    ...{ directory: lab.host('gw').file('authority'), name: 'our-ca', subject: '/O=Example/CN=CA' },
  });
  const theirAuthority = await createAuthority({
    ...{ directory: theirs, name: 'partner-b-ca', subject: '/O=Partner B/CN=CA' },
  });
  await issueCertificate({
    ...{ directory: secrets, name: 'gw', subject: '/O=Example/CN=gw.example' },
    ...{ authority: ourAuthority, alternativeNames: ['gw.example'] },
  });
  const credentials = await issueCertificate({
    ...{ directory: theirs, name: 'partner-b', subject: '/O=Partner B/CN=partner-b.example' },
    ...{ authority: theirAuthority, alternativeNames: ['partner-b.example'] },
  });
  await cp(theirAuthority.certificate, join(secrets, 'partner-b-ca.crt'));
  return new Stranger(lab.host('gwb'), {
    ...{ configFile: site('partner-b'), dataPlane, credentials },
    authorities: [theirAuthority.certificate, ourAuthority.certificate],
  });
}
