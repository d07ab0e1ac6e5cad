// The keepalived recipe (sites/keepalived-recipe.ts) on both gateways, and a remote site as it supposes.

import { chmod } from 'node:fs/promises';
import type { LabDataPlane } from '../data-plane.ts';
import {
  ipsecService,
  keepalivedConfiguration,
  LIBRESWAN_RETRANSMISSION,
  RECIPE_GATEWAY,
  recipePeer,
  VIRTUAL_ADDRESS,
} from '../sites/keepalived-recipe.ts';
import { Stranger } from '../stranger.ts';
import { CLUSTER_NETWORKS, type ClusterLab, REMOTE_NETWORKS, untilAnswered } from './cluster.ts';

/** Returns when traffic flows, through the first gateway. */
export async function startKeepalivedRecipe(
  lab: ClusterLab,
  dataPlane: LabDataPlane,
): Promise<void> {
  for (const number of [1, 2] as const) {
    const peer = lab.host(`peer${number}`);
    const configFile = await peer.write('site.conf', recipePeer(number));
    await new Stranger(peer, { configFile, dataPlane }).start();
  }
  // The cloud knows which of its ends is in use: always the first one here.
  await lab.host('core').ip([`route add ${CLUSTER_NETWORKS.ipv4} via 10.50.0.11`]);
  const toRemote = `route add ${REMOTE_NETWORKS.ipv4} via ${VIRTUAL_ADDRESS}`;
  for (const name of ['node1', 'node2', 'node3', 'gw1', 'gw2'] as const)
    await lab.host(name).ip([toRemote]);
  await startGateway(lab, 'gw1', dataPlane);
  await startGateway(lab, 'gw2', dataPlane);
  await untilAnswered(lab);
}

async function startGateway(
  lab: ClusterLab,
  name: 'gw1' | 'gw2',
  dataPlane: LabDataPlane,
): Promise<void> {
  const host = lab.host(name);
  const loads = `swanctl --load-all --noprompt --uri unix://${host.file('vici')}`;
  const stranger = new Stranger(host, {
    ...{ configFile: await host.write('site.conf', RECIPE_GATEWAY), dataPlane },
    settings: `${LIBRESWAN_RETRANSMISSION}\n  start-scripts {\n    load = ${loads}\n  }`,
  });
  await stranger.prepare();
  const script = ipsecService(host.file('ipsec.pid'), stranger.environment);
  const service = await host.write('ipsec', script);
  await chmod(service, 0o755);
  const configuration = keepalivedConfiguration(name === 'gw1', service);
  const configFile = await host.write('keepalived.conf', configuration);
  host.spawn(
    'keepalived',
    [
      ...['--dont-fork', '--log-console', '--vrrp', '-f', configFile],
      ...['-p', host.file('keepalived.pid'), '-r', host.file('vrrp.pid')],
    ],
    { outputFile: host.file('keepalived.log') },
  );
}
