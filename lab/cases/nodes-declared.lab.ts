// A remote site that knows no BGP, behind a tunnel of each of two gateways: nodes hear from the gateways which tunnels lead
// there.
// lab: userspace
// lab: alone

import assert from 'node:assert/strict';
import { after, before, describe, type TestContext, test } from 'node:test';
import { GAP_MILLISECONDS } from '../cluster-faults.ts';
import { dataPlane } from '../data-plane.ts';
import { CLUSTER_DECLARED } from '../declarations/cluster.ts';
import { endDaemon } from '../faults.ts';
import { type Fault, measureOutages, type Outage } from '../outage.ts';
import type { Sallyport } from '../sallyport.ts';
import {
  type ClusterLab,
  carriers,
  clusterFlows,
  createCluster,
  leakedPackets,
  type PairNumber,
} from '../topologies/cluster.ts';
import { answerBy, startPlainSite } from '../topologies/remote-site.ts';
import {
  hasBothGateways,
  type SallyportCluster,
  startSallyportNodes,
} from '../topologies/sallyport-cluster.ts';
import { until } from '../until.ts';
import { Untouched } from '../untouched.ts';

const PATIENCE_MILLISECONDS = 60_000;

describe('nodes behind two gateways with declared routes', () => {
  let lab: ClusterLab;
  let cluster: SallyportCluster;
  let untouched: Untouched;
  before(async () => {
    lab = await createCluster();
    untouched = await Untouched.in(lab);
    await startPlainSite(lab, dataPlane);
    cluster = await startSallyportNodes(lab, { routers: [] }, CLUSTER_DECLARED);
  });
  after(async () => {
    await lab[Symbol.asyncDispose]();
  });

  /** The other direction goes by the other gateway before anything happens. */
  const outboundWhile = async (
    faultOf: (number: PairNumber) => Fault,
    context: TestContext,
  ): Promise<Outage & { readonly number: PairNumber }> => {
    let number: PairNumber = 1;
    const { outbound, inbound } = await measureOutages(clusterFlows(lab), async () => {
      number = (await carriers(lab, 'gateways')).outbound;
      await answerBy(lab, number === 1 ? 2 : 1);
      return faultOf(number);
    });
    context.diagnostic(JSON.stringify({ number, outbound, inbound }));
    assert.equal(await leakedPackets(lab), 0);
    return { ...outbound, number };
  };

  const gatewayOf = (number: PairNumber): Sallyport => cluster.gateways[number === 1 ? 0 : 1];

  const untilBoth = async (): Promise<void> => {
    for (const node of cluster.nodes)
      await until(
        `${node.host.name} sends by both gateways`,
        () => hasBothGateways(node),
        PATIENCE_MILLISECONDS,
      );
  };

  test('leave one through whose tunnel nothing gets, and come back to it', async (context) => {
    const { number, ...outbound } = await outboundWhile(
      (carrying) => () => lab.link(`uplink-gw${carrying}`).cut(),
      context,
    );
    assert.ok(outbound.lost > 0, 'the fault did not meet the traffic');
    assert.ok(outbound.gapMilliseconds <= GAP_MILLISECONDS, 'IKE alone found it out, or nobody');
    await lab.link(`uplink-gw${number}`).restore();
    await untilBoth();
  });

  test('leave one that is drained, and lose nothing', async (context) => {
    const { number, lost } = await outboundWhile(
      (carrying) => () => gatewayOf(carrying).mustRun(DRAIN),
      context,
    );
    assert.equal(lost, 0);
    await gatewayOf(number).mustRun(UNDRAIN);
    await untilBoth();
  });

  test('leave one whose tunnel the other side has ended', async (context) => {
    const { lost, gapMilliseconds } = await outboundWhile(
      (carrying) => () => endDaemon(lab.host(`peer${carrying}`), 'charon-systemd'),
      context,
    );
    assert.ok(lost > 0, 'the fault did not meet the traffic');
    assert.ok(gapMilliseconds <= GAP_MILLISECONDS);
  });

  test('leave nothing behind', async () => {
    await untouched.restore([...cluster.gateways, ...cluster.nodes]);
  });
});

const DRAIN = ['gateway', 'drain', 'edge'];
const UNDRAIN = ['gateway', 'undrain', 'edge'];
