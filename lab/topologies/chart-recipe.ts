// The chart's recipe (sites/chart-recipe.ts) on both gateways and on the first node.

import { chmod } from 'node:fs/promises';
import type { LabDataPlane } from '../data-plane.ts';
import { FrrStranger } from '../frr-stranger.ts';
import {
  CHART_CONTAINER,
  chartGatewayRouting,
  chartNodeRouting,
  chartRouteLoop,
  chartTunnel,
} from '../sites/chart-recipe.ts';
import { insideAddresses } from '../sites/remote-site.ts';
import { startTunnelEnd } from '../tunnel-end.ts';
import { until } from '../until.ts';
import { type ClusterLab, untilAnswered } from './cluster.ts';
import { startRemoteSite } from './remote-site.ts';

/** Returns when traffic flows and the node has a way by each gateway. */
export async function startChartRecipe(lab: ClusterLab, dataPlane: LabDataPlane): Promise<void> {
  await startRemoteSite(lab, dataPlane);
  for (const number of [1, 2] as const) {
    const host = lab.host(`gw${number}`);
    const inside = [`${insideAddresses(number).gateway.ipv4}/30`];
    const container = await host.write('container.sh', CHART_CONTAINER);
    await chmod(container, 0o755);
    await startTunnelEnd(host, chartTunnel(number), inside, dataPlane, container);
    await new FrrStranger(host, { zebra: '', bgpd: chartGatewayRouting(number) }).start();
  }
  const node = lab.host('node1');
  await new FrrStranger(node, { zebra: '', bgpd: chartNodeRouting(1) }).start();
  const loop = await node.write('routes.sh', chartRouteLoop(node.namespace, node.directory));
  node.spawn('sh', [loop], { outputFile: node.file('routes.log') });
  await until(
    'the node has both ways',
    async () =>
      (await node.mustExec('ip', ['route'])).match(/nexthop via 10\.20\.0\.[12] /g)?.length === 2,
    30_000,
  );
  await untilAnswered(lab);
}
