// One of two gateways holds an address, by VRRP. What a stranger does that sends to our gateways themselves is in vrrp.lab.ts.
// lab: userspace
// lab: alone
// lab: long

import { describe, test } from 'node:test';
import { CLUSTER_FAULTS } from '../cluster-faults.ts';
import { survive } from '../survive.ts';
import { startSallyportStandby } from '../topologies/sallyport-cluster.ts';

describe('a cluster with an address that one of two gateways of Sallyport holds survives', () => {
  for (const fault of CLUSTER_FAULTS.filter((one) => one.concernsVirtualAddress))
    test(fault.name, (context) => survive(fault, startSallyportStandby, context));
});
