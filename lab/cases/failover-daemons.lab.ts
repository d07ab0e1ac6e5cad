// A pair of gateways carries a site with dynamic routes, and survives the death of any of its daemons.
// lab: userspace
// lab: alone
// lab: long

import { describe, test } from 'node:test';
import { DAEMON_FAULTS } from '../cluster-faults.ts';
import { survive } from '../survive.ts';
import { startSallyportCluster } from '../topologies/sallyport-cluster.ts';

describe('a cluster with two gateways of Sallyport survives', () => {
  for (const fault of DAEMON_FAULTS.filter(({ needs }) => needs !== 'keepalived'))
    test(fault.name, (context) => survive(fault, startSallyportCluster, context));
});
