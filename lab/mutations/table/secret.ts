// What of a Secret can be changed.

import { agree, anew, authorities, both, type Mutation } from '../mutation.ts';
import * as prove from '../proofs.ts';
import { CERTIFIED, TUNNEL } from '../proofs.ts';

/** From the same beginning as the one without effect. */
export const PACKED: Mutation = {
  fields: ['Secret spec.pkcs12.file'],
  ...{ what: 'another certificate with its key', tunnel: 'certified' },
  given: [['secret: own,', 'secret: packed,']],
  change: [['file: packed.p12', 'file: repacked.p12']],
  proofs: both(prove.presents, 'packed', 'repacked'),
};

export const SECRET: readonly Mutation[] = [
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
    proofs: both(prove.presents, 'own', 'renewed'),
  },
  {
    fields: ['Secret spec.pem.passphraseFile'],
    ...{ what: 'another file with the same passphrase', tunnel: 'certified' },
    change: [['passphraseFile: own-passphrase', 'passphraseFile: same-passphrase']],
    proofs: [prove.untouched, prove.untouched],
    isSilent: true,
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
  {
    fields: ['Secret spec.authority.revocationLists'],
    ...{ what: 'none to one that revokes somebody else', tunnel: 'certified' },
    change: [['revocationLists: []', 'revocationLists: [their.crl]']],
    proofs: anew(CERTIFIED),
  },
];
