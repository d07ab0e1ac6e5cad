// A gateway dies, and the other side has no BFD: it sends to it until the hold time of 30 s is over, unless the gateway
// that lives announces longer prefixes.
// lab: userspace
// lab: alone

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { dataPlane } from '../data-plane.ts';
import { CLUSTER_WITHOUT_BFD } from '../declarations/cluster.ts';
import { powerOff } from '../faults.ts';
import { measureOutages, type Outages } from '../outage.ts';
import { clusterFlows, createCluster, gatewayInUse, leakedPackets } from '../topologies/cluster.ts';
import { startRemoteSite } from '../topologies/remote-site.ts';
import { startSallyportCluster } from '../topologies/sallyport-cluster.ts';

describe('a remote site without BFD', () => {
  const loseGateway = async (declarations: string): Promise<Outages> => {
    await using lab = await createCluster();
    const remote = await startRemoteSite(lab, dataPlane, false);
    await startSallyportCluster(lab, remote, declarations);
    const outages = await measureOutages(clusterFlows(lab), async () => {
      const gateway = await gatewayInUse(lab);
      return () => powerOff(gateway);
    });
    assert.ok(
      outages.outbound.isFlowing && outages.inbound.isFlowing,
      'traffic does not come back',
    );
    assert.equal(await leakedPackets(lab), 0);
    return outages;
  };

  test('sends to the gateway that lives long before its hold time is over', async (context) => {
    const waiting = await loseGateway(
      CLUSTER_WITHOUT_BFD.replace('onGatewayLoss: more-specifics', 'onGatewayLoss: wait'),
    );
    const standingIn = await loseGateway(CLUSTER_WITHOUT_BFD);
    context.diagnostic(JSON.stringify({ waiting, standingIn }));
    // A ratio: both waited for the same machine.
    assert.ok(standingIn.inbound.gapMilliseconds * 4 < waiting.inbound.gapMilliseconds);
  });
});
