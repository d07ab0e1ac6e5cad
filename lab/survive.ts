// One fault of the topology `cluster` with Sallyport: it meets traffic that flows both ways, traffic flows again after it,
// nothing leaves in clear, and when all is over the gateways are as they were before Sallyport.

import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { type ClusterFault, meet } from './cluster-faults.ts';
import { dataPlane } from './data-plane.ts';
import { networkOf } from './footprint.ts';
import { leftovers } from './leftovers.ts';
import type { Sallyport } from './sallyport.ts';
import { type ClusterLab, createCluster, leakedPackets } from './topologies/cluster.ts';
import { type RemoteSite, startRemoteSite } from './topologies/remote-site.ts';

/** In a network where nothing runs but the remote site; returns when traffic can flow in both directions. */
type Start = (lab: ClusterLab, remote: RemoteSite) => Promise<readonly Sallyport[]>;

export async function survive(
  fault: ClusterFault,
  start: Start,
  context: TestContext,
): Promise<void> {
  if ((await fault.isPossible?.()) === false) {
    context.skip('not on this kernel');
    return;
  }
  await using lab = await createCluster();
  await fault.prepare?.(lab);
  const hosts = [lab.host('gw1'), lab.host('gw2')];
  const before = await Promise.all(hosts.map(networkOf));
  const gateways = await start(lab, await startRemoteSite(lab, dataPlane));
  const { outbound, inbound, undo } = await meet(lab, fault);
  context.diagnostic(JSON.stringify({ outbound, inbound }));
  assert.ok(Number.isFinite(outbound.gapMilliseconds), 'no packet gets out any more');
  assert.ok(Number.isFinite(inbound.gapMilliseconds), 'no packet comes in any more');
  if (fault.costsNothing === true || fault.costsNothing === dataPlane)
    assert.deepEqual([outbound.lost, inbound.lost], [0, 0]);
  await fault.inspect?.(lab);
  await undo();
  for (const gateway of gateways) {
    if ((await gateway.tryReport()) === undefined) await gateway.startAgent();
    if (fault.isFinal !== true) await gateway.untilAsDeclared();
    await gateway.endAgent('SIGTERM');
    await gateway.mustRun(['agent', '--teardown']);
    assert.deepEqual(await leftovers(gateway.host), []);
  }
  assert.equal(await leakedPackets(lab), 0);
  assert.deepEqual(await Promise.all(hosts.map(networkOf)), before);
}
