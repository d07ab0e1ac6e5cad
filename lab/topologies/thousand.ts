// A gateway with many connections, and a hundred remote hosts at the other ends.
//
//   lan --- gw ======= remotes   198.18.0.1 to 198.18.0.100, behind them one network a connection
//
// The remote hosts are addresses of one namespace with one charon: it is told apart from a hundred
// only by what a daemon counts by its peer's address, half-open SAs, so those limits are off there.

import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { LabDataPlane } from '../data-plane.ts';
import { Stranger } from '../stranger.ts';
import { Lab } from '../topology.ts';

export type ThousandHost = 'lan' | 'gw' | 'remotes';

const GATEWAY = '198.18.255.254';
const REMOTE_HOSTS = 100;
const GATEWAY_NETWORK = '10.1.0.0/24';

/** By name of the crypto policy: IKE and ESP proposal, and the length of their keys. Every remote host takes both. */
export const POLICIES = {
  long: { ike: 'aes256gcm16-prfsha256-x25519', esp: 'aes256gcm16-x25519', keyBits: 256 },
  short: { ike: 'aes128gcm16-prfsha256-x25519', esp: 'aes128gcm16-x25519', keyBits: 128 },
} as const;

export type PolicyName = keyof typeof POLICIES;

/** What a daemon does with a connection that it loads (swanctl.conf(5)). */
export type StartAction = 'none' | 'start';

export interface ThousandOptions {
  readonly connections: number;
  readonly dataPlane: LabDataPlane;
}

/** The network, the remote hosts ready to answer, and the files of our gateway; nothing of ours runs. */
export class Thousand implements AsyncDisposable {
  readonly lab: Lab<ThousandHost>;
  readonly remotes: Stranger;
  /** One file a connection, for `-f`. */
  readonly declarations: string;
  readonly connections: number;

  private constructor(lab: Lab<ThousandHost>, remotes: Stranger, connections: number) {
    this.lab = lab;
    this.remotes = remotes;
    this.connections = connections;
    this.declarations = lab.host('gw').file('declarations');
  }

  static async create({ connections, dataPlane }: ThousandOptions): Promise<Thousand> {
    const lab = await createNetwork();
    try {
      const host = lab.host('remotes');
      // Without an address in each network charon finds no source for its route into the TUN device.
      const addresses = numbersBelow(connections).map((number) => hostBehind(number));
      await host.ip(addresses.map((address) => `address add ${address}/32 dev lo`));
      const configFile = await host.write('remotes.conf', remoteSide(connections));
      const remotes = new Stranger(host, { configFile, dataPlane, settings: MANY_SAS });
      await remotes.start();
      // All its SAs lead to our one network: where one of them ends, charon takes the route of all away.
      if (dataPlane === 'userspace') await host.ip([`route add ${GATEWAY_NETWORK} dev ipsec0`]);
      const thousand = new Thousand(lab, remotes, connections);
      await thousand.#declareAll();
      return thousand;
    } catch (error) {
      await lab.close();
      throw error;
    }
  }

  /** Writes one connection anew; the path of its file. */
  async declare(number: number, policy: PolicyName): Promise<string> {
    const path = join(this.declarations, `${siteName(number)}.yaml`);
    await writeFile(path, declaration(number, policy));
    return path;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.lab.close();
  }

  async #declareAll(): Promise<void> {
    await mkdir(join(this.declarations, 'secrets'), { recursive: true });
    await writeFile(join(this.declarations, 'gateway.yaml'), GATEWAY_DECLARATIONS);
    for (const number of numbersBelow(this.connections)) {
      const key = join(this.declarations, 'secrets', siteName(number));
      await writeFile(key, keyOf(number), { mode: 0o600 });
      await this.declare(number, 'long');
    }
  }
}

export function siteName(number: number): string {
  return `site-${String(number).padStart(4, '0')}`;
}

/** Answers pings, through the connection of this number. */
export function hostBehind(number: number): string {
  return `10.${64 + (number >> 8)}.${number & 255}.1`;
}

export function numbersBelow(count: number): readonly number[] {
  return Array.from({ length: count }, (_, number) => number);
}

/** Our gateway as swanctl.conf(5) has it: one connection, as a person would write it, and its key. */
export function gatewaySection(number: number, policy: PolicyName, start: StartAction): string {
  return section(number, [policy], {
    ...{ addresses: [GATEWAY, remoteAddress(number)], ids: [ourId(number), theirId(number)] },
    ...{ networks: [GATEWAY_NETWORK, networkBehind(number)], start },
  });
}

async function createNetwork(): Promise<Lab<ThousandHost>> {
  const remoteAddresses = numbersBelow(REMOTE_HOSTS).map((number) => `${remoteAddress(number)}/16`);
  return Lab.create({
    hosts: {
      lan: { routes: { '0.0.0.0/0': '10.1.0.1' } },
      gw: { forwarding: true, routes: { '0.0.0.0/0': remoteAddress(0) } },
      remotes: { routes: { '0.0.0.0/0': GATEWAY } },
    },
    links: [
      {
        ends: [
          { host: 'lan', interface: 'eth0', addresses: ['10.1.0.2/24'] },
          { host: 'gw', interface: 'lan', addresses: ['10.1.0.1/24'] },
        ],
      },
      {
        ends: [
          { host: 'gw', interface: 'wan', addresses: [`${GATEWAY}/16`] },
          { host: 'remotes', interface: 'wan', addresses: remoteAddresses },
        ],
      },
    ],
  });
}

/** strongswan.conf(5): tables for many SAs, and no limits on those of one address. */
export const MANY_SAS = `
  threads = 32
  ikesa_table_size = 4096
  ikesa_table_segments = 64
  dos_protection = no`;

function remoteAddress(number: number): string {
  return `198.18.0.${1 + (number % REMOTE_HOSTS)}`;
}

function networkBehind(number: number): string {
  return `10.${64 + (number >> 8)}.${number & 255}.0/24`;
}

function ourId(number: number): string {
  return `gw-${siteName(number)}.example`;
}

function theirId(number: number): string {
  return `${siteName(number)}.example`;
}

function keyOf(number: number): string {
  return `the key of ${siteName(number)}, long enough`;
}

function remoteSide(connections: number): string {
  const sections = numbersBelow(connections).map((number) =>
    section(number, ['long', 'short'], {
      ...{ addresses: [remoteAddress(number), GATEWAY], ids: [theirId(number), ourId(number)] },
      ...{ networks: [networkBehind(number), GATEWAY_NETWORK], start: 'none' },
    }),
  );
  return sections.join('');
}

interface Side {
  /** Local and remote, as the others. */
  readonly addresses: readonly [string, string];
  readonly ids: readonly [string, string];
  readonly networks: readonly [string, string];
  readonly start: StartAction;
}

function section(
  number: number,
  policies: readonly PolicyName[],
  { addresses, ids, networks, start }: Side,
): string {
  return `connections {
  ${siteName(number)} {
    version = 2
    local_addrs = ${addresses[0]}
    remote_addrs = ${addresses[1]}
    proposals = ${policies.map((policy) => POLICIES[policy].ike).join(', ')}
    local {
      auth = psk
      id = ${ids[0]}
    }
    remote {
      auth = psk
      id = ${ids[1]}
    }
    children {
      ${siteName(number)} {
        local_ts = ${networks[0]}
        remote_ts = ${networks[1]}
        esp_proposals = ${policies.map((policy) => POLICIES[policy].esp).join(', ')}
        start_action = ${start}
      }
    }
  }
}
secrets {
  ike-${siteName(number)} {
    id = ${ids[1]}
    secret = "${keyOf(number)}"
  }
}
`;
}

const GATEWAY_DECLARATIONS = `apiVersion: sallyport.dev/v1alpha1
kind: Host
metadata: {name: gw}
spec: {addresses: [${GATEWAY}]}
---
apiVersion: sallyport.dev/v1alpha1
kind: Gateway
metadata: {name: edge}
spec:
  placement: {hosts: [gw]}
  networks: [${GATEWAY_NETWORK}]
${Object.entries(POLICIES)
  .map(
    ([name, { ike, esp }]) => `---
apiVersion: sallyport.dev/v1alpha1
kind: CryptoPolicy
metadata: {name: ${name}}
spec:
  ike: {proposals: [${ike}]}
  esp: {proposals: [${esp}]}
`,
  )
  .join('')}`;

function declaration(number: number, policy: PolicyName): string {
  return `apiVersion: sallyport.dev/v1alpha1
kind: Connection
metadata: {name: ${siteName(number)}}
spec:
  gateway: edge
  tunnels:
    - local: {id: ${ourId(number)}}
      remote: {address: ${remoteAddress(number)}, id: ${theirId(number)}}
  auth: {psk: {secret: ${siteName(number)}}}
  crypto: ${policy}
  routing: {static: {networks: [${networkBehind(number)}]}}
---
apiVersion: sallyport.dev/v1alpha1
kind: Secret
metadata: {name: ${siteName(number)}}
spec: {psk: {file: secrets/${siteName(number)}}}
`;
}
