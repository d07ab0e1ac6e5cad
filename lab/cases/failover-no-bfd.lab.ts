// The other side has no BFD. A gateway dies: it sends to it until the hold time of 30 s is over, unless the gateway
// that lives announces longer prefixes. Nothing but IKE gets through a tunnel: probes find that out.
// lab: userspace
// lab: alone

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { GAP_MILLISECONDS } from '../cluster-faults.ts';
import { dataPlane } from '../data-plane.ts';
import { CLUSTER_WITHOUT_BFD } from '../declarations/cluster.ts';
import { loseEsp, powerOff, type Undo } from '../faults.ts';
import { measureOutages, type Outages } from '../outage.ts';
import { clusterFlows, createCluster, gatewayInUse, leakedPackets } from '../topologies/cluster.ts';
import { startRemoteSite } from '../topologies/remote-site.ts';
import { startSallyportCluster } from '../topologies/sallyport-cluster.ts';
import { Untouched } from '../untouched.ts';

describe('a remote site without BFD', () => {
  const loseGateway = async (declarations: string): Promise<Outages> => {
    await using lab = await createCluster();
    const untouched = await Untouched.in(lab);
    const remote = await startRemoteSite(lab, dataPlane, false);
    const gateways = await startSallyportCluster(lab, remote, declarations);
    let powerOn: Undo = () => Promise.resolve();
    const outages = await measureOutages(clusterFlows(lab), async () => {
      const gateway = await gatewayInUse(lab);
      return async () => {
        powerOn = await powerOff(gateway);
      };
    });
    assert.ok(
      outages.outbound.isFlowing && outages.inbound.isFlowing,
      'traffic does not come back',
    );
    await powerOn();
    await untouched.restore(gateways);
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

  test('is sent to by another tunnel as soon as probes find one dead, though IKE is up', async (context) => {
    await using lab = await createCluster();
    const untouched = await Untouched.in(lab);
    const remote = await startRemoteSite(lab, dataPlane, false);
    const gateways = await startSallyportCluster(lab, remote, CLUSTER_WITHOUT_BFD);
    const outages = await measureOutages(clusterFlows(lab), async () => {
      const { name } = await gatewayInUse(lab);
      return () => loseEsp(lab.host('internet'), name);
    });
    context.diagnostic(JSON.stringify(outages));
    assert.ok(outages.outbound.lost > 0, 'the fault did not meet the traffic');
    assert.ok(outages.outbound.gapMilliseconds <= GAP_MILLISECONDS, 'it took a hold time');
    for (const gateway of gateways)
      assert.ok((await gateway.report()).tunnels.every(({ state }) => state === 'up'));
    await untouched.restore(gateways);
    assert.equal(await leakedPackets(lab), 0);
  });
});
