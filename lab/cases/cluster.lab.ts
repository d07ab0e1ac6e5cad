// The topology `cluster` itself, strangers everywhere: traffic goes encrypted and in both directions, and by BGP and BFD it
// survives that one end of a tunnel loses its power.
// lab: userspace
// lab: alone

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { dataPlane } from '../data-plane.ts';
import { powerOff } from '../faults.ts';
import { measureOutages } from '../outage.ts';
import {
  CLUSTER_INNER_PREFIXES,
  type ClusterLab,
  carriers,
  clusterFlows,
  createCluster,
  leakedPackets,
  SERVER,
} from '../topologies/cluster.ts';
import { startPlainCluster } from '../topologies/plain-cluster.ts';
import { startRemoteSite } from '../topologies/remote-site.ts';
import { until } from '../until.ts';

describe('a cluster with two gateways, all strangers', () => {
  let lab: ClusterLab;

  const received = async (address: string): Promise<number> =>
    (await lab.host('pod1').ping(address)).received;

  before(async () => {
    lab = await createCluster();
    await startPlainCluster(lab, { remote: await startRemoteSite(lab, dataPlane), dataPlane });
  });
  after(async () => {
    await lab.close();
  });

  test('carries both families, encrypted', async () => {
    const sniffer = await lab
      .host('internet')
      .sniff('gw1', { innerPrefixes: CLUSTER_INNER_PREFIXES });
    assert.equal(await received(SERVER.ipv4), 3);
    assert.equal(await received(SERVER.ipv6), 3);
    const { esp, espInUdp, clear } = await sniffer.stop();
    assert.deepEqual(clear, []);
    // Beside them go BGP and BFD.
    assert.ok(esp + espInUdp >= 12);
  });

  test('survives that peer1 loses its power', async (context) => {
    const { outbound, inbound } = await measureOutages(clusterFlows(lab), async () => {
      await until(
        'all goes by peer1',
        async () => {
          const { outbound, inbound } = await carriers(lab, 'peers');
          return outbound === 1 && inbound === 1;
        },
        30_000,
      );
      return () => powerOff(lab.host('peer1'));
    });
    context.diagnostic(JSON.stringify({ outbound, inbound }));
    for (const outage of [outbound, inbound]) {
      assert.ok(outage.lost > 0, 'the fault did not meet the traffic');
      assert.ok(Number.isFinite(outage.gapMilliseconds), 'traffic does not come back');
    }
    assert.equal(await received(SERVER.ipv6), 3);
  });

  test('lets nothing through, and nothing out in clear, when peer2 is cut off as well', async () => {
    await lab.link('uplink-peer2').cut();
    assert.equal(await received(SERVER.ipv4), 0);
    assert.equal(await received(SERVER.ipv6), 0);
    assert.equal(await leakedPackets(lab), 0);
  });

  test('is told of what a gateway lets out in clear, in both families', async () => {
    const gateway = lab.host('gw1');
    await gateway.ip([
      `route add ${SERVER.ipv4} via 198.51.100.2 dev wan`,
      `route add ${SERVER.ipv6} via 2001:db8:1::2 dev wan`,
    ]);
    await gateway.ping(SERVER.ipv4, { count: 1, waitSeconds: 1 });
    assert.equal(await leakedPackets(lab), 1);
    await gateway.ping(SERVER.ipv6, { count: 1, waitSeconds: 1 });
    assert.equal(await leakedPackets(lab), 2);
  });
});
