// The world that is mutated: our gateway with three tunnels to one stranger. One by pre-shared key and one
// by certificate are changed; the third, in a namespace of its own, must never notice.

import { copyFile, rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { createAuthority, issueCertificate, revoke } from '../certificates.ts';
import { mustExecute } from '../execute.ts';
import type { Host } from '../host.ts';
import { Sallyport } from '../sallyport.ts';
import { Stranger } from '../stranger.ts';
import { createTwoSites, type TwoSitesHost } from '../topologies/two-sites.ts';
import type { Lab } from '../topology.ts';
import { Shim } from './shim.ts';

/** Where pings through each tunnel go. */
export const TARGETS = {
  tunnel: '10.2.0.2',
  certified: '10.2.0.130',
  other: '10.2.0.194',
} as const;

export type TunnelName = keyof typeof TARGETS;

export const KEYS = {
  first: 'the first key, agreed on',
  second: 'another key, agreed on',
} as const;

const object = (kind: string, metadata: string, spec: string): string =>
  `apiVersion: sallyport.dev/v1alpha1\nkind: ${kind}\nmetadata: {${metadata}}\nspec:\n${spec}\n`;

/** Each line that a mutation changes is there once. */
export const DECLARATIONS: string = [
  object(
    'Host',
    'name: left, labels: {rack: h1}',
    `  addresses: [198.51.100.1, 198.51.100.9]
  capabilities: {dataPlanes: [xfrm-interface, policy], underlayMtuBytes: 1500}
  driftPolicy: repair`,
  ),
  object('Host', 'name: elsewhere', '  addresses: [192.0.2.77]'),
  object(
    'Gateway',
    'name: edge, labels: {rack: g1}',
    `  placement: {hosts: [left]}
  networks: [10.1.0.0/24]
  dataPlane: auto
  mtu: auto
  leakGuard: true`,
  ),
  object(
    'Gateway',
    'name: by-policy',
    '  placement: {hosts: [left]} # by policy\n  networks: [10.1.0.0/24]\n  dataPlane: policy',
  ),
  object('Secret', 'name: key, labels: {rack: s1}', '  psk: {file: first.psk}'),
  object('Secret', 'name: spare-key', '  psk: {file: spare.psk}'),
  object(
    'Secret',
    'name: own',
    '  pem: {certificate: own.crt, key: own.key, passphraseFile: own-passphrase, authorities: []}',
  ),
  object('Secret', 'name: packed', '  pkcs12: {file: packed.p12, passphraseFile: passphrase}'),
  object('Secret', 'name: authority', '  authority: {files: [their-ca.crt], revocationLists: []}'),
  object('Secret', 'name: authorities', '  authority: {files: [their-ca.crt, our-ca.crt]} # both'),
  object(
    'CryptoPolicy',
    'name: strong, labels: {rack: c1}',
    `  ike: {proposals: [aes256gcm16-prfsha384-ecp384], rekeySeconds: 14400}
  esp: {proposals: [aes256gcm16-ecp384], rekeySeconds: 3600, rekeyBytes: 4000000000}`,
  ),
  object(
    'CryptoPolicy',
    'name: lighter',
    '  ike: {proposals: [aes128gcm16-prfsha256-ecp256]}\n  esp: {proposals: [aes128gcm16-ecp256]}',
  ),
  object(
    'Connection',
    'name: tunnel, labels: {rack: t1}',
    `  gateway: edge
  tunnels:
    - name: main
      local: {id: left.example}
      remote: {address: 203.0.113.1, id: right.example}
  auth: {psk: {secret: key}}
  crypto: strong
  start: initiate
  liveness: {delaySeconds: 30}
  encapsulation: auto
  selectors: per-family
  routing: {static: {networks: [10.2.0.0/26]}}
  adminState: enabled`,
  ),
  object(
    'Connection',
    'name: certified',
    `  gateway: edge # certified
  tunnels:
    - remote: {address: 203.0.113.1, id: certified.right.example}
      local: {id: left.example} # certified
  auth: {certificate: {secret: own, peerAuthority: authority}}
  crypto:
    ike: {proposals: [aes256gcm16-prfsha384-ecp384]} # certified
    esp: {proposals: [aes256gcm16-ecp384]} # certified
  routing: {static: {networks: [10.2.0.128/27]}}`,
  ),
].join('---\n');

/** Of another tenant, on the same host, over the same daemon. */
export const OTHER: string = [
  object('Host', 'name: left, namespace: other', '  addresses: [198.51.100.1]'),
  object(
    'Gateway',
    'name: edge, namespace: other',
    '  placement: {hosts: [left]}\n  networks: [10.1.0.0/24]',
  ),
  object('Secret', 'name: key, namespace: other', '  psk: {file: first.psk}'),
  object(
    'Connection',
    'name: other, namespace: other',
    `  gateway: edge
  tunnels: [{local: {id: left.example}, remote: {address: 203.0.113.1, id: other.right.example}}]
  auth: {psk: {secret: key}}
  crypto:
    ike: {proposals: [aes256gcm16-prfsha384-ecp384]}
    esp: {proposals: [aes256gcm16-ecp384]}
  routing: {static: {networks: [10.2.0.192/27]}}`,
  ),
].join('---\n');

/** The stranger takes whatever is mutated, as far as a peer can; `key`: of the tunnel by pre-shared key. */
function strangersConfiguration(key: string): string {
  const connection = (name: string, auth: string, remote: string): string => `
  ${name.replaceAll('.', '-')} {
    version = 2
    local_addrs = 203.0.113.1,203.0.113.9
    proposals = aes256gcm16-prfsha384-ecp384,aes128gcm16-prfsha256-ecp256
    local {
      auth = ${auth}
      id = ${name}.example
      ${auth === 'pubkey' ? 'certs = certified.crt' : ''}
    }
    remote {
      auth = ${auth}
      ${remote}
    }
    children {
      networks {
        local_ts = 10.2.0.0/24,10.4.0.0/24
        remote_ts = 10.1.0.0/24,10.3.0.0/24
        esp_proposals = aes256gcm16-ecp384,aes256gcm16,aes128gcm16-ecp256,aes128gcm16
      }
    }
  }`;
  const secret = (name: string, id: string, text: string): string => `
  ike-${name} {
    id = ${id}
    secret = "${text}"
  }`;
  const connections = [
    connection('right', 'psk', 'id = *.example'),
    connection('second.right', 'psk', 'id = *.example'),
    connection('other.right', 'psk', 'id = *.example'),
    connection('certified.right', 'pubkey', 'cacerts = our-ca.crt'),
  ];
  const secrets = [
    secret('right', 'right.example', key),
    secret('second', 'second.right.example', key),
    secret('other', 'other.right.example', KEYS.first),
  ];
  return `connections {${connections.join('')}\n}\nsecrets {${secrets.join('')}\n}\n`;
}

export class MutationWorld implements AsyncDisposable {
  readonly lab: Lab<TwoSitesHost>;
  readonly left: Sallyport;
  readonly shim: Shim;
  readonly #stranger: Stranger;
  #key: string = KEYS.first;

  private constructor(lab: Lab<TwoSitesHost>, left: Sallyport, shim: Shim, stranger: Stranger) {
    this.lab = lab;
    this.left = left;
    this.shim = shim;
    this.#stranger = stranger;
  }

  /** All three tunnels are up. */
  static async create(): Promise<MutationWorld> {
    const lab = await createTwoSites();
    await addAddresses(lab);
    const gwa = lab.host('gwa');
    const { stranger } = await makeCredentials(lab);
    await stranger.start();
    const shim = await Shim.on(gwa);
    const left = new ShimmedSallyport(gwa, shim);
    await left.startAgent();
    const world = new MutationWorld(lab, left, shim, stranger);
    const other = await gwa.write('other.yaml', OTHER);
    const file = await world.declare(DECLARATIONS);
    await left.mustRun(['apply', '-f', other, '-f', file, ...HERE]);
    await left.untilUp(...Object.keys(TARGETS));
    return world;
  }

  /** Writes what is to be applied; the path for `-f`. */
  async declare(text: string): Promise<string> {
    return this.left.host.write('site.yaml', text);
  }

  /** The stranger takes this key from now on, and no other, for new SAs. */
  async agreeOn(key: string): Promise<void> {
    if (key === this.#key) return;
    this.#key = key;
    await this.#stranger.host.write('site.conf', strangersConfiguration(key));
    await this.#stranger.reload();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.lab.close();
  }
}

/** Which declared Host this machine is: two of them may have its addresses. */
export const HERE = ['--host', 'left'] as const;

/** Its agent and its commands are lied to by `shim`. */
class ShimmedSallyport extends Sallyport {
  readonly #shim: Shim;

  constructor(host: Host, shim: Shim) {
    super(host);
    this.#shim = shim;
  }

  override get environment(): Readonly<Record<string, string>> {
    return {
      ...super.environment,
      PATH: this.#shim.path,
      // The command is started a hundred times (node(1): module compile cache).
      NODE_COMPILE_CACHE: this.host.file('compiled'),
    };
  }
}

async function addAddresses(lab: Lab<TwoSitesHost>): Promise<void> {
  await lab.host('gwa').ip(['address add 198.51.100.9/32 dev wan']);
  await lab.host('gwb').ip(['address add 203.0.113.9/32 dev wan']);
  await lab
    .host('internet')
    .ip(['route add 198.51.100.9/32 via 198.51.100.1', 'route add 203.0.113.9/32 via 203.0.113.1']);
  const targets = Object.values(TARGETS).filter((address) => address !== TARGETS.tunnel);
  await lab.host('hostb').ip(targets.map((address) => `address add ${address}/24 dev eth0`));
}

/** Keys and certificates of both sides, ours beside the declarations. */
async function makeCredentials(lab: Lab<TwoSitesHost>): Promise<{ readonly stranger: Stranger }> {
  const [gwa, gwb] = [lab.host('gwa'), lab.host('gwb')];
  const ours = await createAuthority({
    ...{ directory: gwa.directory, name: 'our-ca', subject: '/O=Ours/CN=Ours CA' },
  });
  const theirs = await createAuthority({
    ...{ directory: gwb.directory, name: 'their-ca', subject: '/O=Theirs/CN=Theirs CA' },
  });
  for (const name of ['own', 'renewed', 'packed', 'repacked']) {
    await issueCertificate({
      ...{ directory: gwa.directory, name, subject: `/O=Ours/CN=${name}` },
      ...{ authority: ours, alternativeNames: ['left.example'] },
    });
  }
  const credentials = await issueCertificate({
    ...{ directory: gwb.directory, name: 'certified', subject: '/O=Theirs/CN=certified' },
    ...{ authority: theirs, alternativeNames: ['certified.right.example'] },
  });
  await copyFile(theirs.certificate, gwa.file('their-ca.crt'));
  const dismissed = await issueCertificate({
    ...{ directory: gwb.directory, name: 'dismissed', subject: '/O=Theirs/CN=dismissed' },
    ...{ authority: theirs, alternativeNames: [] },
  });
  await copyFile(await revoke([dismissed.certificate], theirs), gwa.file('their.crl'));
  for (const [name, text] of [
    ['first.psk', KEYS.first],
    ['second.psk', KEYS.second],
    ['spare.psk', KEYS.second],
    ['passphrase', 'of the packed certificate'],
    ['own-passphrase', 'of the packed certificate'],
    ['same-passphrase', 'of the packed certificate'],
  ] as const)
    await writeFile(gwa.file(name), text, { mode: 0o600 });
  for (const name of ['packed', 'repacked']) await pack(gwa.file(name), gwa.file('passphrase'));
  for (const name of ['own', 'renewed'])
    await encryptKey(gwa.file(name), gwa.file('own-passphrase'));
  const configFile = await gwb.write('site.conf', strangersConfiguration(KEYS.first));
  return {
    stranger: new Stranger(gwb, {
      ...{ configFile, dataPlane: 'kernel', credentials },
      authorities: [ours.certificate, theirs.certificate],
    }),
  };
}

/** `path` without ending. Manual: openssl-pkcs8(1). */
async function encryptKey(path: string, passphraseFile: string): Promise<void> {
  const encrypted = `${path}.key.encrypted`;
  await mustExecute('openssl', [
    ...['pkcs8', '-topk8', '-in', `${path}.key`, '-out', encrypted],
    ...['-passout', `file:${passphraseFile}`],
  ]);
  await rename(encrypted, `${path}.key`);
}

/** `path` without ending. Manual: openssl-pkcs12(1). */
async function pack(path: string, passphraseFile: string): Promise<void> {
  await mustExecute('openssl', [
    ...['pkcs12', '-export', '-in', `${path}.crt`, '-inkey', `${path}.key`],
    ...['-certfile', join(dirname(path), 'our-ca.crt')],
    ...['-out', `${path}.p12`, '-passout', `file:${passphraseFile}`],
  ]);
}
