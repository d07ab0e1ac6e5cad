// Every field that can be changed has a mutation here, or a reason not to.

import { CHANGE_CLASSES } from '../../packages/sallyport/dist/model/change-classes.js';
import type { Mutation } from './mutation.ts';
import { NAMESPACE, WITHOUT_EFFECT } from './table/all-kinds.ts';
import { CONNECTION } from './table/connection.ts';
import { CRYPTO_POLICY } from './table/crypto.ts';
import { GATEWAY } from './table/gateway.ts';
import { HOST } from './table/host.ts';
import { PACKED, SECRET } from './table/secret.ts';

export const MUTATIONS: readonly Mutation[] = [
  WITHOUT_EFFECT,
  PACKED,
  ...GATEWAY,
  ...CONNECTION,
  ...CRYPTO_POLICY,
  ...SECRET,
  ...HOST,
  NAMESPACE,
];

/** Fields that have one value only today: with a second one they need a mutation. */
export const SINGLE_VALUED: readonly string[] = ['Gateway spec.engine', 'Connection spec.mode'];

/** Fields of what this world has none of: daemons in other network namespaces, authorities of our own. By case. */
export const TRIED_ELSEWHERE: Readonly<Record<string, string>> = {
  'Host spec.shards[].name': 'shards.lab.ts',
  'Host spec.shards[].addresses': 'shards.lab.ts',
  ...Object.fromEntries(
    [
      ...Object.keys(CHANGE_CLASSES.Secret)
        .filter((field) => field.startsWith('spec.issued.'))
        .map((field) => `Secret ${field}`),
      ...Object.keys(CHANGE_CLASSES.CertificateAuthority).map(
        (field) => `CertificateAuthority ${field}`,
      ),
    ].map((field) => [field, 'rotation.lab.ts']),
  ),
};
