// A pair of gateways carries a site with dynamic routes, survives any single failure of a host or a path, and lets nothing
// out in clear where nothing is left that could carry it.
// lab: userspace
// lab: alone
// lab: long

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { learned, PATH_FAULTS } from '../cluster-faults.ts';
import { dataPlane } from '../data-plane.ts';
import { endDaemon, type Undo } from '../faults.ts';
import { survive } from '../survive.ts';
import {
  type ClusterLab,
  createCluster,
  leakedPackets,
  SERVER,
  untilAnswered,
} from '../topologies/cluster.ts';
import { startRemoteSite } from '../topologies/remote-site.ts';
import { startSallyportCluster } from '../topologies/sallyport-cluster.ts';
import { until } from '../until.ts';
import { Untouched } from '../untouched.ts';

describe('a cluster with two gateways of Sallyport survives', () => {
  for (const fault of PATH_FAULTS)
    test(fault.name, (context) => survive(fault, startSallyportCluster, context));
});

describe('a cluster with two gateways of Sallyport answers nobody, and lets nothing out in clear, when', () => {
  const loseBoth = async (lose: (lab: ClusterLab) => Promise<Undo | undefined>): Promise<void> => {
    await using lab = await createCluster();
    const untouched = await Untouched.in(lab);
    const gateways = await startSallyportCluster(lab, await startRemoteSite(lab, dataPlane));
    const pod = lab.host('pod1');
    const addresses = Object.values(SERVER);
    const restore = await lose(lab);
    // From the fault on: also in the moment in which routes go.
    const first = await Promise.all(
      addresses.map((address) => pod.ping(address, { count: 50, waitSeconds: 1 })),
    );
    for (const gateway of [lab.host('gw1'), lab.host('gw2')])
      for (const family of ['ipv4', 'ipv6'] as const)
        await until(
          `${gateway.name} has no route any more`,
          async () => (await learned(gateway, family)).length === 0,
          60_000,
        );
    const later = await Promise.all(addresses.map((address) => pod.ping(address)));
    assert.deepEqual(
      [...first, ...later].map(({ received }) => received),
      [0, 0, 0, 0],
    );
    if (restore !== undefined) {
      await restore();
      await untilAnswered(lab, addresses);
    }
    await untouched.restore(gateways);
    assert.equal(await leakedPackets(lab), 0);
  };

  test('both peers are cut off', () =>
    loseBoth(async (lab) => {
      const links = [lab.link('uplink-peer1'), lab.link('uplink-peer2')];
      for (const link of links) await link.cut();
      return async () => {
        for (const link of links) await link.restore();
      };
    }));

  test('charon of both peers is ended', () =>
    loseBoth(async (lab) => {
      for (const name of ['peer1', 'peer2'] as const)
        await endDaemon(lab.host(name), 'charon-systemd');
      return undefined;
    }));
});
