// What of a Host can be changed.

import { both, EDGE, type Mutation } from '../mutation.ts';
import * as prove from '../proofs.ts';
import { CERTIFIED, TUNNEL } from '../proofs.ts';

export const HOST: readonly Mutation[] = [
  {
    fields: ['Host metadata.name'],
    ...{ what: 'another name, which is no host here', tunnel: 'tunnel' },
    change: [
      ['name: left, labels', 'name: right, labels'],
      [EDGE, EDGE.replace('left', 'right')],
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
