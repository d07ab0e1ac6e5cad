// What of a Gateway can be changed.

import { both, EDGE, type Mutation, NETWORK } from '../mutation.ts';
import * as prove from '../proofs.ts';
import { TUNNEL } from '../proofs.ts';

export const GATEWAY: readonly Mutation[] = [
  {
    fields: ['Gateway spec.placement.hosts'],
    ...{ what: 'to another host', tunnel: 'tunnel' },
    change: [[EDGE, EDGE.replace('left', 'elsewhere')]],
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
