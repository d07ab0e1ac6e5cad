// One fault of the topology `cluster` with Sallyport: it meets traffic that flows both ways, traffic flows again after it,
// nothing leaves in clear, every agent that it does not kill lives, and when all is over the hosts are as they were before
// Sallyport.

import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { type ClusterFault, GAP_MILLISECONDS, meet } from './cluster-faults.ts';
import { dataPlane } from './data-plane.ts';
import type { Outages } from './outage.ts';
import type { Sallyport } from './sallyport.ts';
import { type ClusterLab, createCluster, leakedPackets } from './topologies/cluster.ts';
import { type RemoteSite, startRemoteSite } from './topologies/remote-site.ts';
import { Untouched } from './untouched.ts';

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
  const untouched = await Untouched.in(lab);
  const all = await start(lab, await startRemoteSite(lab, dataPlane));
  const outages = await meet(lab, fault);
  const { undo, ...figures } = outages;
  context.diagnostic(JSON.stringify(figures));
  assertSurvived(fault, outages);
  await fault.inspect?.(lab);
  await undo();
  const dead = all.filter((one) => !one.hasAgent);
  assert.equal(dead.length, fault.endsAgent === true ? 1 : 0, 'agents that have died');
  for (const one of dead) await one.startAgent();
  if (fault.isFinal !== true) for (const one of all) await one.untilAsDeclared();
  await untouched.restore(all);
  assert.equal(await leakedPackets(lab), 0);
}

const DIRECTIONS = ['outbound', 'inbound'] as const;

function assertSurvived(fault: ClusterFault, outages: Outages): void {
  const { costs, delivers, atMostMilliseconds = GAP_MILLISECONDS } = fault;
  for (const direction of DIRECTIONS) {
    const { isFlowing, gapMilliseconds, sent, lost } = outages[direction];
    assert.ok(isFlowing, `${direction}: no traffic any more`);
    assert.ok(gapMilliseconds <= atMostMilliseconds, `${direction}: ${gapMilliseconds} ms`);
    if (delivers !== undefined)
      assert.ok(sent - lost >= sent * delivers[direction], `${direction}: ${lost} of ${sent} lost`);
  }
  const lost = DIRECTIONS.map((direction) => outages[direction].lost);
  if (costs === 'something')
    assert.ok(
      lost.some((count) => count > 0),
      'the fault did not meet the traffic',
    );
  if (costs === 'nothing' || (costs === 'nothing in the kernel' && dataPlane === 'kernel'))
    assert.deepEqual(lost, [0, 0]);
}
