// One of two gateways holds an address, by VRRP. What a stranger with the same id does is in vrrp.lab.ts.
// lab: userspace
// lab: alone
// lab: long

import { describe, test } from 'node:test';
import { CLUSTER_FAULTS } from '../cluster-faults.ts';
import { survive } from '../survive.ts';
import { startSallyportStandby } from '../topologies/sallyport-cluster.ts';

/** What moves the address, or must not. */
const FAULTS = new Set([
  'gateway loses power',
  'uplink of the gateway cut',
  'LAN of the gateway cut',
  'keepalived of the gateway killed',
]);

describe('a cluster with an address that one of two gateways of Sallyport holds survives', () => {
  for (const fault of CLUSTER_FAULTS.filter(({ name }) => FAULTS.has(name)))
    test(fault.name, (context) => survive(fault, startSallyportStandby, context));
});
