// A pair of gateways carries a site with dynamic routes, and any single failure is survived: each fault meets traffic
// that flows both ways, traffic flows again after it, and nothing leaves in clear.
// lab: alone

import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { dataPlane } from '../data-plane.ts';
import { killDaemon, powerOff } from '../faults.ts';
import { type Fault, measureOutages, type Outages } from '../outage.ts';
import {
  type ClusterLab,
  carriers,
  clusterFlows,
  createCluster,
  leakedPackets,
} from '../topologies/cluster.ts';
import { startRemoteSite } from '../topologies/remote-site.ts';
import { startSallyportCluster } from '../topologies/sallyport-cluster.ts';

describe('a cluster with two gateways of Sallyport', () => {
  const survives = async (
    context: TestContext,
    aim: (lab: ClusterLab) => Promise<Fault>,
  ): Promise<Outages> => {
    await using lab = await createCluster();
    await startSallyportCluster(lab, await startRemoteSite(lab, dataPlane));
    const outages = await measureOutages(clusterFlows(lab), () => aim(lab));
    context.diagnostic(JSON.stringify(outages));
    assert.ok(Number.isFinite(outages.outbound.gapMilliseconds), 'no packet gets out any more');
    assert.ok(Number.isFinite(outages.inbound.gapMilliseconds), 'no packet comes in any more');
    assert.equal(await leakedPackets(lab), 0);
    return outages;
  };

  test('survives that a gateway loses its power', async (context) => {
    await survives(context, async (lab) => {
      const { outbound } = await carriers(lab, 'gateways');
      return () => powerOff(lab.host(`gw${outbound}`), ['wan', 'lan']);
    });
  });

  test('loses nothing when charon of a gateway is killed', async (context) => {
    const { outbound, inbound } = await survives(context, async (lab) => {
      const gateway = lab.host(`gw${(await carriers(lab, 'gateways')).outbound}`);
      return () => killDaemon(gateway, 'charon-systemd');
    });
    assert.deepEqual([outbound.lost, inbound.lost], [0, 0]);
  });
});
