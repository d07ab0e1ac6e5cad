// A pair of gateways carries a site with dynamic routes, and survives whatever the other side announces.
// lab: userspace
// lab: alone
// lab: long

import { describe, test } from 'node:test';
import { ROUTE_FAULTS } from '../cluster-faults.ts';
import { survive } from '../survive.ts';
import { startSallyportCluster } from '../topologies/sallyport-cluster.ts';

describe('a cluster with two gateways of Sallyport survives', () => {
  for (const fault of ROUTE_FAULTS)
    test(fault.name, (context) => survive(fault, startSallyportCluster, context));
});
