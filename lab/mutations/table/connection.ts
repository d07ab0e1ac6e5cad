// What of a Connection can be changed.

import { agree, anew, authorities, both, EDGE, type Mutation, NETWORK } from '../mutation.ts';
import * as prove from '../proofs.ts';
import { all, CERTIFIED, TUNNEL } from '../proofs.ts';
import { espSuites, INLINE_CRYPTO, ikeSuites } from './crypto.ts';

/** Of the tunnel by pre-shared key. */
const LOCAL = 'local: {id: left.example}\n      remote';

export const CONNECTION: readonly Mutation[] = [
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
      [EDGE, EDGE.replace('left', 'left, elsewhere')],
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
    proofs: both(prove.presents, 'own', 'packed'),
  },
  {
    fields: ['Connection spec.auth.certificate.peerAuthority'],
    ...{ what: 'a Secret with one more authority', tunnel: 'certified' },
    change: [['peerAuthority: authority}', 'peerAuthority: authorities}']],
    proofs: authorities(),
  },
  {
    fields: ['Connection spec.auth.certificate.revocation'],
    ...{ what: 'relaxed to strict', tunnel: 'certified' },
    given: [['revocationLists: []', 'revocationLists: [their.crl]']],
    change: [['peerAuthority: authority}', 'peerAuthority: authority, revocation: strict}']],
    proofs: anew(CERTIFIED),
  },
  {
    fields: ['Connection spec.crypto'],
    ...{ what: 'another policy', tunnel: 'tunnel' },
    change: [['crypto: strong', 'crypto: lighter']],
    proofs: [all(ikeSuites[0], espSuites[0]), all(ikeSuites[1], espSuites[1])],
  },
  INLINE_CRYPTO,
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
