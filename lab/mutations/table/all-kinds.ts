// What is changed in objects of several kinds at once.

import type { Mutation } from '../mutation.ts';
import * as prove from '../proofs.ts';
import { all, TUNNEL } from '../proofs.ts';

/** Of every object at once: one alone would point at nothing. */
export const NAMESPACE: Mutation = {
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
export const WITHOUT_EFFECT: Mutation = {
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
