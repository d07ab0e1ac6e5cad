// A pair of gateways carries a site with dynamic routes, and survives any single failure of a host or a path.
// lab: userspace
// lab: alone
// lab: long

import { describe, test } from 'node:test';
import { PATH_FAULTS } from '../cluster-faults.ts';
import { survive } from '../survive.ts';
import { startSallyportCluster } from '../topologies/sallyport-cluster.ts';

describe('a cluster with two gateways of Sallyport survives', () => {
  for (const fault of PATH_FAULTS)
    test(fault.name, (context) => survive(fault, startSallyportCluster, context));
});
