// For every field that can be changed: a change of it, and what proves that it took effect.

import * as prove from './proofs.ts';
import { all, CERTIFIED, type Proof, TUNNEL } from './proofs.ts';
import type { MutationWorld } from './world.ts';
import { KEYS, type TunnelName } from './world.ts';

/** From the text of the declarations to another: each must be there exactly once. */
type Change = readonly (readonly [from: string, to: string])[];

type Proofs = readonly [original: Proof, changed: Proof];

export interface Mutation {
  /** As in `CHANGE_CLASSES`: `Gateway spec.mtu`. */
  readonly fields: readonly string[];
  /** What is done to them, for the table of results. */
  readonly what: string;
  /** Where traffic is counted. */
  readonly tunnel: Exclude<TunnelName, 'other'>;
  /** Done before, to old and new alike. */
  readonly given?: Change;
  readonly change: Change | ((text: string) => string);
  /** Of the original and of the changed declarations. */
  readonly proofs: Proofs;
  /** Of further fields: each alone must hold, and fail. */
  readonly more?: readonly Proofs[];
  /** What the other side does first, for the original and the changed declarations. */
  readonly peer?: (world: MutationWorld, isChanged: boolean) => Promise<void>;
  /** Connections that are deleted before the change, and before it is taken back. */
  readonly deletes?: readonly [before: readonly string[], back: readonly string[]];
  /** Nothing is written at all. */
  readonly isSilent?: true;
  /** Changes a policy of the peer's kernel, which drops what comes on the old SA: docs/adr/0009. */
  readonly altersPolicy?: true;
}

const NETWORK = '10.2.0.0/26';
/** Of the tunnel by pre-shared key. */
const LOCAL = 'local: {id: left.example}\n      remote';
const LIGHT = 'aes128gcm16-prfsha256-ecp256';
const LIGHT_ESP = 'aes128gcm16-ecp256';

/** The two proofs out of one, with the original and the changed value. */
function both<V>(proof: (value: V) => Proof, original: V, changed: V): readonly [Proof, Proof] {
  return [proof(original), proof(changed)];
}

const IKE_SUITE = all(prove.ikeSuite(TUNNEL, 256, 'ECP_384'));
const ikeSuites = [IKE_SUITE, prove.ikeSuite(TUNNEL, 128, 'ECP_256')] as const;
const espSuites = both((bits: number) => prove.espSuite(TUNNEL, bits), 256, 128);
const ikeLifetimes = both((seconds: number) => prove.ikeLifetime(TUNNEL, seconds), 14_400, 7_200);
const childLifetimes = both(
  (seconds: number) => prove.childLifetime(TUNNEL, seconds),
  3_600,
  1_800,
);
const childBytes = both(
  (bytes: number) => prove.childBytes(TUNNEL, bytes),
  4_000_000_000,
  2_000_000_000,
);
const anew = (name: string): readonly [Proof, Proof] => [
  prove.madeAnew(name),
  prove.madeAnew(name),
];

/** The same five fields stand in a CryptoPolicy and, written inline, in a Connection. */
const CRYPTO = [
  {
    field: 'ike.proposals',
    from: '[aes256gcm16-prfsha384-ecp384]',
    to: `[${LIGHT}]`,
    proofs: ikeSuites,
  },
  { field: 'ike.rekeySeconds', from: '14400', to: '7200', proofs: ikeLifetimes },
  { field: 'esp.proposals', from: '[aes256gcm16-ecp384]', to: `[${LIGHT_ESP}]`, proofs: espSuites },
  { field: 'esp.rekeySeconds', from: '3600', to: '1800', proofs: childLifetimes },
  { field: 'esp.rekeyBytes', from: '4000000000', to: '2000000000', proofs: childBytes },
] as const;

/** Lines of the policy `strong`, and of no other object. */
const STRONG = {
  ike: 'ike: {proposals: [aes256gcm16-prfsha384-ecp384], rekeySeconds: 14400}',
  esp: 'esp: {proposals: [aes256gcm16-ecp384], rekeySeconds: 3600, rekeyBytes: 4000000000}',
} as const;

const ofPolicy = CRYPTO.map(({ field, from, to, proofs }): Mutation => {
  const line = field.startsWith('ike') ? STRONG.ike : STRONG.esp;
  return {
    ...{ fields: [`CryptoPolicy spec.${field}`], what: `${from} to ${to}`, tunnel: 'tunnel' },
    ...{ change: [[line, line.replace(from, to)]], proofs },
  };
});

/** Written inline, all of them at once. */
const ofConnection: Mutation = {
  fields: CRYPTO.map(({ field }) => `Connection spec.crypto.${field}`),
  ...{ what: 'a policy to all of it inline, each with another value', tunnel: 'tunnel' },
  change: [
    [
      'crypto: strong',
      CRYPTO.reduce(
        (text, { from, to }) => text.replace(from, to),
        `crypto:\n    ${STRONG.ike}\n    ${STRONG.esp}`,
      ),
    ],
  ],
  proofs: ikeSuites,
  more: [ikeLifetimes, espSuites, childLifetimes, childBytes],
};

const GATEWAY: readonly Mutation[] = [
  {
    fields: ['Gateway spec.placement.hosts'],
    ...{ what: 'to another host', tunnel: 'tunnel' },
    change: [
      [
        'hosts: [left]}\n  networks: [10.1.0.0/24]\n  dataPlane: auto',
        'hosts: [elsewhere]}\n  networks: [10.1.0.0/24]\n  dataPlane: auto',
      ],
    ],
    proofs: both((isThere: boolean) => prove.stands(TUNNEL, isThere), true, false),
  },
  {
    fields: ['Gateway spec.networks'],
    ...{ what: 'one more', tunnel: 'tunnel', altersPolicy: true },
    change: [
      [
        'networks: [10.1.0.0/24]\n  dataPlane: auto',
        'networks: [10.1.0.0/24, 10.3.0.0/24]\n  dataPlane: auto',
      ],
    ],
    proofs: both(
      (local: readonly string[]) => prove.selectors(TUNNEL, local, [NETWORK]),
      ['10.1.0.0/24'],
      ['10.1.0.0/24', '10.3.0.0/24'],
    ),
  },
  {
    fields: ['Gateway spec.dataPlane'],
    ...{ what: 'auto (XFRM interface) to policy', tunnel: 'tunnel' },
    change: [['dataPlane: auto', 'dataPlane: policy # pinned']],
    proofs: both((isInterface: boolean) => prove.byInterface(TUNNEL, isInterface), true, false),
  },
  {
    fields: ['Gateway spec.mtu'],
    ...{ what: 'auto (1438) to 1300', tunnel: 'tunnel' },
    change: [['mtu: auto', 'mtu: 1300']],
    proofs: both((bytes: number) => prove.mtu(TUNNEL, NETWORK, bytes), 1_438, 1_300),
  },
  {
    fields: ['Gateway spec.leakGuard'],
    ...{ what: 'true to false', tunnel: 'tunnel' },
    change: [['leakGuard: true', 'leakGuard: false']],
    proofs: both((isGuarded: boolean) => prove.guarded(NETWORK, isGuarded), true, false),
  },
];

const CONNECTION: readonly Mutation[] = [
  {
    fields: ['Connection metadata.name'],
    ...{ what: 'deleted, and applied under another name', tunnel: 'tunnel' },
    change: [['name: tunnel, labels', 'name: renamed, labels']],
    deletes: [['default/tunnel'], ['default/renamed']],
    proofs: [
      all(prove.stands(TUNNEL, true), prove.stands('sp.default.renamed.main', false)),
      all(prove.stands(TUNNEL, false), prove.stands('sp.default.renamed.main', true)),
    ],
  },
  {
    fields: ['Connection spec.gateway'],
    ...{ what: 'to one by policy', tunnel: 'tunnel' },
    change: [
      [
        'gateway: edge\n  tunnels:\n    - name: main',
        'gateway: by-policy\n  tunnels:\n    - name: main',
      ],
    ],
    proofs: both((isInterface: boolean) => prove.byInterface(TUNNEL, isInterface), true, false),
  },
  {
    fields: ['Connection spec.tunnels[].name'],
    ...{ what: 'main to first', tunnel: 'tunnel' },
    change: [['- name: main', '- name: first']],
    proofs: [
      all(prove.stands(TUNNEL, true), prove.stands('sp.default.tunnel.first', false)),
      all(prove.stands(TUNNEL, false), prove.stands('sp.default.tunnel.first', true)),
    ],
  },
  {
    fields: ['Connection spec.tunnels[].host'],
    ...{ what: 'to the other of two hosts', tunnel: 'tunnel' },
    given: [
      [
        'hosts: [left]}\n  networks: [10.1.0.0/24]\n  dataPlane: auto',
        'hosts: [left, elsewhere]}\n  networks: [10.1.0.0/24]\n  dataPlane: auto',
      ],
      ['- name: main', '- name: main\n      host: left'],
      [
        'local: {id: left.example} # certified',
        'local: {id: left.example} # certified\n      host: left # certified',
      ],
    ],
    change: [['host: left\n', 'host: elsewhere\n']],
    proofs: both((isThere: boolean) => prove.stands(TUNNEL, isThere), true, false),
  },
  {
    fields: ['Connection spec.tunnels[].local.address'],
    ...{ what: 'the first of the host to another', tunnel: 'tunnel', altersPolicy: true },
    change: [[LOCAL, LOCAL.replace('{', '{address: 198.51.100.9, ')]],
    proofs: both(
      (address: string) => prove.ourAddress(TUNNEL, address),
      '198.51.100.1',
      '198.51.100.9',
    ),
  },
  {
    fields: ['Connection spec.tunnels[].local.id'],
    ...{ what: 'another name', tunnel: 'tunnel' },
    change: [[LOCAL, LOCAL.replace('left.example', 'renamed.example')]],
    proofs: both((id: string) => prove.ourIdentity(TUNNEL, id), 'left.example', 'renamed.example'),
  },
  {
    fields: ['Connection spec.tunnels[].remote.address'],
    ...{ what: 'another of theirs', tunnel: 'tunnel', altersPolicy: true },
    change: [
      ['remote: {address: 203.0.113.1, id: right', 'remote: {address: 203.0.113.9, id: right'],
    ],
    proofs: both(
      (address: string) => prove.theirAddress(TUNNEL, address),
      '203.0.113.1',
      '203.0.113.9',
    ),
  },
  {
    fields: ['Connection spec.tunnels[].remote.id'],
    ...{ what: 'another name', tunnel: 'tunnel' },
    change: [['id: right.example', 'id: second.right.example']],
    proofs: both(
      (id: string) => prove.theirIdentity(TUNNEL, id),
      'right.example',
      'second.right.example',
    ),
  },
  {
    fields: ['Connection spec.auth.psk.secret'],
    ...{ what: 'a Secret with another key', tunnel: 'tunnel' },
    change: [['psk: {secret: key}', 'psk: {secret: spare-key}']],
    peer: agree,
    proofs: anew(TUNNEL),
  },
  {
    fields: ['Connection spec.auth.certificate.secret'],
    ...{ what: 'a Secret with another certificate', tunnel: 'certified' },
    change: [['secret: own,', 'secret: packed,']],
    proofs: both(
      (name: string) =>
        all(
          prove.certificates([`O=Ours, CN=${name}`], ['O=Theirs, CN=Theirs CA']),
          prove.madeAnew(CERTIFIED),
        ),
      'own',
      'packed',
    ),
  },
  {
    fields: ['Connection spec.auth.certificate.peerAuthority'],
    ...{ what: 'a Secret with one more authority', tunnel: 'certified' },
    change: [['peerAuthority: authority}', 'peerAuthority: authorities}']],
    proofs: authorities(),
  },
  {
    fields: ['Connection spec.crypto'],
    ...{ what: 'another policy', tunnel: 'tunnel' },
    change: [['crypto: strong', 'crypto: lighter']],
    proofs: [all(IKE_SUITE, espSuites[0]), all(ikeSuites[1], espSuites[1])],
  },
  ofConnection,
  {
    fields: ['Connection spec.start'],
    ...{ what: 'initiate to trap', tunnel: 'tunnel' },
    change: [['start: initiate', 'start: trap']],
    proofs: both((isTrap: boolean) => prove.trapped(TUNNEL, isTrap), false, true),
  },
  {
    fields: ['Connection spec.liveness.delaySeconds'],
    ...{ what: '30 to 20', tunnel: 'tunnel' },
    change: [['delaySeconds: 30', 'delaySeconds: 20']],
    proofs: both(
      (seconds: number) => all(prove.livenessDelay(TUNNEL, seconds), prove.madeAnew(TUNNEL)),
      30,
      20,
    ),
  },
  {
    fields: ['Connection spec.encapsulation'],
    ...{ what: 'auto to always', tunnel: 'tunnel' },
    change: [['encapsulation: auto', 'encapsulation: always']],
    proofs: both((isInUdp: boolean) => prove.inUdp(TUNNEL, isInUdp), false, true),
  },
  {
    fields: ['Connection spec.selectors'],
    ...{ what: 'per-family to per-pair', tunnel: 'tunnel' },
    change: [['selectors: per-family', 'selectors: per-pair']],
    proofs: both((pattern: RegExp) => prove.childNames(TUNNEL, pattern), /^v4$/, /^p-[0-9a-f]{8}$/),
  },
  {
    fields: ['Connection spec.routing.static.networks'],
    ...{ what: 'one more', tunnel: 'tunnel', altersPolicy: true },
    change: [['networks: [10.2.0.0/26]', 'networks: [10.2.0.0/26, 10.4.0.0/24]']],
    proofs: both(
      (isWide: boolean) =>
        all(
          prove.selectors(TUNNEL, ['10.1.0.0/24'], isWide ? [NETWORK, '10.4.0.0/24'] : [NETWORK]),
          prove.routed('10.4.0.0/24', isWide),
          prove.guarded('10.4.0.0/24', isWide),
        ),
      false,
      true,
    ),
  },
  {
    fields: ['Connection spec.adminState'],
    ...{ what: 'enabled to disabled', tunnel: 'tunnel' },
    change: [['adminState: enabled', 'adminState: disabled']],
    proofs: [prove.isUp(TUNNEL), prove.isDown(TUNNEL, NETWORK)],
  },
];

const SECRET: readonly Mutation[] = [
  {
    fields: ['Secret metadata.name'],
    ...{ what: 'another name, the same key', tunnel: 'tunnel' },
    change: [
      ['name: key, labels', 'name: named-anew, labels'],
      ['psk: {secret: key}', 'psk: {secret: named-anew}'],
    ],
    proofs: anew(TUNNEL),
  },
  {
    fields: ['Secret spec.psk.file'],
    ...{ what: 'a file with another key', tunnel: 'tunnel' },
    change: [['psk: {file: first.psk}', 'psk: {file: second.psk}']],
    peer: agree,
    proofs: anew(TUNNEL),
  },
  {
    fields: ['Secret spec.pem.certificate', 'Secret spec.pem.key'],
    ...{ what: 'another certificate with its key', tunnel: 'certified' },
    change: [['certificate: own.crt, key: own.key', 'certificate: renewed.crt, key: renewed.key']],
    proofs: both(
      (name: string) =>
        all(
          prove.certificates([`O=Ours, CN=${name}`], ['O=Theirs, CN=Theirs CA']),
          prove.madeAnew(CERTIFIED),
        ),
      'own',
      'renewed',
    ),
  },
  {
    fields: ['Secret spec.pem.authorities'],
    ...{ what: 'none to one', tunnel: 'certified' },
    change: [['authorities: []', 'authorities: [our-ca.crt]']],
    proofs: anew(CERTIFIED),
  },
  {
    fields: ['Secret spec.authority.files'],
    ...{ what: 'one more', tunnel: 'certified' },
    change: [['files: [their-ca.crt]', 'files: [their-ca.crt, our-ca.crt]']],
    proofs: authorities(),
  },
];

const HOST: readonly Mutation[] = [
  {
    fields: ['Host metadata.name'],
    ...{ what: 'another name, which is no host here', tunnel: 'tunnel' },
    change: [
      ['name: left, labels', 'name: right, labels'],
      [
        'hosts: [left]}\n  networks: [10.1.0.0/24]\n  dataPlane: auto',
        'hosts: [right]}\n  networks: [10.1.0.0/24]\n  dataPlane: auto',
      ],
      ['hosts: [left]} # by policy', 'hosts: [right]} # by policy'],
    ],
    proofs: both((isThere: boolean) => prove.stands(TUNNEL, isThere), true, false),
  },
  {
    fields: ['Host spec.addresses'],
    ...{ what: 'the other one first', tunnel: 'certified', altersPolicy: true },
    change: [['[198.51.100.1, 198.51.100.9]', '[198.51.100.9, 198.51.100.1]']],
    proofs: both(
      (address: string) => prove.ourAddress(CERTIFIED, address),
      '198.51.100.1',
      '198.51.100.9',
    ),
  },
];

/** Of every object at once: one alone would point at nothing. */
const NAMESPACE: Mutation = {
  fields: ['Gateway', 'Connection', 'CryptoPolicy', 'Secret', 'Host'].map(
    (kind) => `${kind} metadata.namespace`,
  ),
  ...{ what: 'connections deleted, and everything applied in another namespace', tunnel: 'tunnel' },
  change: (text) => text.replaceAll('metadata: {', 'metadata: {namespace: moved, '),
  deletes: [
    ['default/tunnel', 'default/certified'],
    ['moved/tunnel', 'moved/certified'],
  ],
  proofs: [
    all(prove.stands(TUNNEL, true), prove.stands('sp.moved.tunnel.main', false)),
    all(prove.stands(TUNNEL, false), prove.stands('sp.moved.tunnel.main', true)),
  ],
};

/** What no daemon and no kernel has to do with. */
const WITHOUT_EFFECT: Mutation = {
  fields: [
    ...['Gateway', 'Connection', 'CryptoPolicy', 'Secret', 'Host'].map(
      (kind) => `${kind} metadata.labels`,
    ),
    ...['Gateway metadata.name', 'CryptoPolicy metadata.name', 'Secret spec.pkcs12.passphraseFile'],
    ...['Host spec.capabilities.dataPlanes', 'Host spec.capabilities.underlayMtuBytes'],
    'Host spec.driftPolicy',
  ],
  ...{ what: 'all of them at once', tunnel: 'certified' },
  given: [['secret: own,', 'secret: packed,']],
  change: [
    ...['h1', 'g1', 's1', 'c1', 't1'].map((rack) => [`rack: ${rack}`, `rack: ${rack}0`] as const),
    ['name: edge,', 'name: brink,'],
    ['gateway: edge\n  tunnels:\n    - name: main', 'gateway: brink\n  tunnels:\n    - name: main'],
    ['gateway: edge # certified', 'gateway: brink # certified'],
    ['name: strong,', 'name: stout,'],
    ['crypto: strong', 'crypto: stout'],
    ['passphraseFile: passphrase', 'passphraseFile: same-passphrase'],
    ['dataPlanes: [xfrm-interface, policy]', 'dataPlanes: [policy]'],
    ['underlayMtuBytes: 1500', 'underlayMtuBytes: 1400'],
    ['driftPolicy: repair', 'driftPolicy: report'],
  ],
  proofs: [prove.untouched, prove.untouched],
  isSilent: true,
};

/** From the same beginning as the one without effect. */
const PACKED: Mutation = {
  fields: ['Secret spec.pkcs12.file'],
  ...{ what: 'another certificate with its key', tunnel: 'certified' },
  given: [['secret: own,', 'secret: packed,']],
  change: [['file: packed.p12', 'file: repacked.p12']],
  proofs: both(
    (name: string) =>
      all(
        prove.certificates([`O=Ours, CN=${name}`], ['O=Theirs, CN=Theirs CA']),
        prove.madeAnew(CERTIFIED),
      ),
    'packed',
    'repacked',
  ),
};

export const MUTATIONS: readonly Mutation[] = [
  WITHOUT_EFFECT,
  PACKED,
  ...GATEWAY,
  ...CONNECTION,
  ...ofPolicy,
  ...SECRET,
  ...HOST,
  NAMESPACE,
];

/** Fields that have one value only today: with a second one they need a mutation. */
export const SINGLE_VALUED: readonly string[] = ['Gateway spec.engine', 'Connection spec.mode'];

/** Fields of daemons in network namespaces of their own, which this world has none of: by case. */
export const TRIED_ELSEWHERE: Readonly<Record<string, string>> = {
  'Host spec.shards[].name': 'shards.lab.ts',
  'Host spec.shards[].addresses': 'shards.lab.ts',
};

async function agree(world: MutationWorld, isChanged: boolean): Promise<void> {
  await world.agreeOn(isChanged ? KEYS.second : KEYS.first);
}

function authorities(): readonly [Proof, Proof] {
  return both(
    (names: readonly string[]) =>
      all(prove.certificates(['O=Ours, CN=own'], names), prove.madeAnew(CERTIFIED)),
    ['O=Theirs, CN=Theirs CA'],
    ['O=Ours, CN=Ours CA', 'O=Theirs, CN=Theirs CA'],
  );
}

/** Throws where a text that is to be changed is not there exactly once. */
export function changed(text: string, change: Change): string {
  return change.reduce((before, [from, to]) => {
    if (before.split(from).length !== 2) throw new Error(`not there exactly once: ${from}`);
    return before.replace(from, () => to);
  }, text);
}
