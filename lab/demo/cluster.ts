// The second act: a cluster with two gateways and a remote site that speaks BGP. Gateways die, and traffic goes on.

import { dataPlane } from '../data-plane.ts';
import { killDaemon, powerOff } from '../faults.ts';
import type { Host } from '../host.ts';
import { leftovers } from '../leftovers.ts';
import { type Fault, measureOutages, type Outage } from '../outage.ts';
import {
  CLUSTER_INNER_PREFIXES,
  type ClusterLab,
  carriers,
  clusterFlows,
  createCluster,
  leakedPackets,
  SERVER,
} from '../topologies/cluster.ts';
import { startRemoteSite } from '../topologies/remote-site.ts';
import { startSallyportCluster } from '../topologies/sallyport-cluster.ts';
import { must, step, type } from './step.ts';

/** What there is of logs, for a demo that failed. */
export async function showCluster(): Promise<string> {
  await using lab = await createCluster();
  const remote = await startRemoteSite(lab, dataPlane);
  const gateways = await startSallyportCluster(lab, remote);
  const [first] = gateways;

  await step('A cluster with two gateways: its routes come by BGP', () => type(first, ['status']));
  await step('Both families pass, and between the sites there is only ESP', async () => {
    const sniffer = await lab
      .host('internet')
      .sniff('peer1', { innerPrefixes: CLUSTER_INNER_PREFIXES });
    for (const address of Object.values(SERVER)) {
      const { sent, received } = await lab.host('pod1').ping(address);
      say(`ping pod1 -> ${address}: ${String(received)} of ${String(sent)} answered`);
      must(received === sent, `pod1 does not reach ${address}`);
    }
    const { clear } = await sniffer.stop();
    must(clear.length === 0, `in clear: ${clear.join('; ')}`);
  });
  await step('charon of the gateway in use is killed', () =>
    survive(lab, (gateway) => killDaemon(gateway, 'charon-systemd')),
  );
  await step('The gateway in use is drained before it is stopped', () =>
    survive(lab, () => type(first, ['gateway', 'drain', 'edge'])),
  );
  await step('It is taken back', () => type(first, ['gateway', 'undrain', 'edge']));
  await step('The gateway in use loses its power', () =>
    survive(lab, (gateway) => powerOff(gateway, ['wan', 'lan'])),
  );
  await step('Delete everything: nothing is left', async () => {
    const alive = gateways[1];
    await alive.endAgent('SIGTERM');
    await type(alive, ['agent', '--teardown']);
    const left = await leftovers(alive.host);
    must(left.length === 0, `left: ${left.join('; ')}`);
  });
  return (await Promise.all(gateways.map((gateway) => gateway.log()))).join('\n');
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** 250 packets a second go each way when it comes. */
async function survive(lab: ClusterLab, fault: (gateway: Host) => Promise<unknown>): Promise<void> {
  const outages = await measureOutages(clusterFlows(lab), async (): Promise<Fault> => {
    const gateway = lab.host(`gw${(await carriers(lab, 'gateways')).outbound}`);
    return () => {
      say(`it is ${gateway.name}`);
      return fault(gateway);
    };
  });
  tell('outbound', outages.outbound);
  tell('inbound', outages.inbound);
  const leaked = await leakedPackets(lab);
  say(`in clear: ${String(leaked)}`);
  must(leaked === 0, 'something left in clear');
}

function tell(direction: string, { sent, lost, gapMilliseconds }: Outage): void {
  const gap = lost === 0 ? '' : `, ${gapMilliseconds.toFixed(0)} ms without a packet`;
  say(`${direction}: ${String(lost)} of ${String(sent)} packets lost${gap}`);
  must(Number.isFinite(gapMilliseconds), `nothing passes ${direction} any more`);
}
