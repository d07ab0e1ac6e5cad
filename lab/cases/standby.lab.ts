// Two gateways of Sallyport hold a virtual address in turn: it follows the one that carries packets, it is given up by
// one that is drained without a packet lost, and it moves when its holder loses its power.
// lab: userspace
// lab: alone

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { GAP_MILLISECONDS } from '../cluster-faults.ts';
import { dataPlane } from '../data-plane.ts';
import { VIRTUAL_ADDRESSES } from '../declarations/cluster.ts';
import { powerOff, type Undo } from '../faults.ts';
import { measureOutages } from '../outage.ts';
import type { Sallyport } from '../sallyport.ts';
import {
  type ClusterLab,
  clusterFlows,
  createCluster,
  leakedPackets,
} from '../topologies/cluster.ts';
import { startRemoteSite } from '../topologies/remote-site.ts';
import { startSallyportStandby } from '../topologies/sallyport-cluster.ts';
import { until } from '../until.ts';
import { Untouched } from '../untouched.ts';

describe('two gateways with a virtual address', () => {
  let lab: ClusterLab;
  let first: Sallyport;
  let second: Sallyport;
  let untouched: Untouched;

  before(async () => {
    lab = await createCluster();
    untouched = await Untouched.in(lab);
    const remote = await startRemoteSite(lab, dataPlane);
    [first, second] = await startSallyportStandby(lab, remote);
  });
  after(async () => {
    await lab.close();
  });

  const holds = async (gateway: Sallyport): Promise<boolean> =>
    (await gateway.host.mustExec('ip', ['-oneline', 'address', 'show', 'dev', 'lan'])).includes(
      ` ${VIRTUAL_ADDRESSES.ipv4}/`,
    );
  const untilHolder = (holder: Sallyport, other: Sallyport): Promise<unknown> =>
    until(
      `${holder.host.name} alone holds the address`,
      async () => (await holds(holder)) && !(await holds(other)),
      30_000,
    );
  const drain = (gateway: Sallyport): Promise<string> =>
    gateway.mustRun(['gateway', 'drain', 'edge']);
  const undrain = (gateway: Sallyport): Promise<string> =>
    gateway.mustRun(['gateway', 'undrain', 'edge']);

  test('give it up when they are drained, without a packet lost, and do not take it back', async (context) => {
    // Whoever was proven first has it.
    const [holder, other] = (await holds(first)) ? [first, second] : [second, first];
    await untilHolder(holder, other);
    const outages = await measureOutages(clusterFlows(lab), () =>
      Promise.resolve(async () => {
        assert.match(await drain(holder), /and it may be stopped\n$/);
        assert.deepEqual([await holds(holder), await holds(other)], [false, true]);
        await undrain(holder);
      }),
    );
    const { outbound, inbound } = outages;
    context.diagnostic(JSON.stringify(outages));
    assert.deepEqual([outbound.lost, inbound.lost], [0, 0]);
    await untilHolder(other, holder);
  });

  test('move it when the holder loses its power', async (context) => {
    const [holder, other] = (await holds(first)) ? [first, second] : [second, first];
    let powerOn: Undo = () => Promise.resolve();
    const outages = await measureOutages(clusterFlows(lab), () =>
      Promise.resolve(async () => {
        powerOn = await powerOff(holder.host);
      }),
    );
    context.diagnostic(JSON.stringify(outages));
    assert.ok(outages.outbound.lost > 0, 'the fault did not meet the traffic');
    assert.ok(outages.outbound.gapMilliseconds <= GAP_MILLISECONDS, 'outbound');
    assert.ok(outages.inbound.gapMilliseconds <= GAP_MILLISECONDS, 'inbound');
    assert.ok(await holds(other));
    await powerOn();
  });

  test('leave nothing behind, and let nothing out in clear', async () => {
    await untouched.restore([first, second]);
    assert.equal(await leakedPackets(lab), 0);
  });
});
