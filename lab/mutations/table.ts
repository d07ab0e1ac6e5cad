// Every field that can be changed has a mutation here, or a reason not to.

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

/** Fields of daemons in network namespaces of their own, which this world has none of: by case. */
export const TRIED_ELSEWHERE: Readonly<Record<string, string>> = {
  'Host spec.shards[].name': 'shards.lab.ts',
  'Host spec.shards[].addresses': 'shards.lab.ts',
};
