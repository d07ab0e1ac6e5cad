// A pair of gateways carries a site with dynamic routes, for nodes with agents of their own: the cluster survives any
// single failure.
// lab: userspace
// lab: alone
// lab: long

import { describe, test } from 'node:test';
import { CLUSTER_FAULTS } from '../cluster-faults.ts';
import { survive } from '../survive.ts';
import { startSallyportNodes } from '../topologies/sallyport-cluster.ts';

describe('a cluster with two gateways and three nodes of Sallyport survives', () => {
  for (const fault of CLUSTER_FAULTS.filter(({ needs }) => needs !== 'keepalived'))
    test(fault.name, (context) =>
      survive(
        fault,
        async (lab, remote) => {
          const { gateways, nodes } = await startSallyportNodes(lab, remote);
          return [...gateways, ...nodes];
        },
        context,
      ),
    );
});
