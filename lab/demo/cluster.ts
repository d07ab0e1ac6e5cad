// The second act: a cluster with two gateways and a remote site that speaks BGP. Gateways die, and traffic goes on.

import { dataPlane } from '../data-plane.ts';
import { killDaemon, powerOff, type Undo } from '../faults.ts';
import { FrrStranger } from '../frr-stranger.ts';
import type { Host } from '../host.ts';
import { leftovers } from '../leftovers.ts';
import { type Fault, measureOutages, type Outage } from '../outage.ts';
import type { Sallyport } from '../sallyport.ts';
import { STALL_MILLISECONDS } from '../stalls.ts';
import {
  CLUSTER_INNER_PREFIXES,
  type ClusterLab,
  clusterFlows,
  createCluster,
  gatewayInUse,
  leakedPackets,
  SERVER,
} from '../topologies/cluster.ts';
import { startRemoteSite } from '../topologies/remote-site.ts';
import { startSallyportCluster } from '../topologies/sallyport-cluster.ts';
import { CannotShow, must, step, type } from './step.ts';

/** What there is of logs, for a demo that failed. */
export async function showCluster(): Promise<string> {
  await using lab = await createCluster();
  const remote = await startRemoteSite(lab, dataPlane);
  const gateways = await startSallyportCluster(lab, remote);
  const [first] = gateways;
  let drained: Sallyport = first;
  let powerOn: Undo = () => Promise.resolve();
  const routers = [...remote.routers, new FrrStranger(lab.host('node1'), {})];
  /** What a step before has set going is over. */
  const settle = async (): Promise<void> => {
    for (const gateway of gateways) await gateway.untilAsDeclared();
    for (const router of routers) await router.untilFastBfd(60_000);
  };

  await step('A cluster with two gateways: its routes come by BGP', () => type(first, ['status']));
  await step('Both families pass, and between the sites there is only ESP', async () => {
    const sniffers = await Promise.all(
      (['gw1', 'gw2'] as const).map((uplink) =>
        lab.host('internet').sniff(uplink, { innerPrefixes: CLUSTER_INNER_PREFIXES }),
      ),
    );
    for (const address of Object.values(SERVER)) {
      const { sent, received } = await lab.host('pod1').ping(address);
      say(`ping pod1 -> ${address}: ${String(received)} of ${String(sent)} answered`);
      must(received === sent, `pod1 does not reach ${address}`);
    }
    const clear = (await Promise.all(sniffers.map((sniffer) => sniffer.stop()))).flatMap(
      (seen) => seen.clear,
    );
    must(clear.length === 0, `in clear: ${clear.join('; ')}`);
  });
  await step('charon of the gateway in use is killed', () =>
    survive(
      { lab, settle },
      (gateway) => killDaemon(gateway, 'charon-systemd'),
      // With ESP in user space, packets need charon itself.
      dataPlane === 'kernel' ? 'nothing' : 'something',
    ),
  );
  await step('The gateway in use is drained before it is stopped', () =>
    survive(
      { lab, settle },
      (gateway) => {
        drained = gateways.find(({ host }) => host === gateway) ?? first;
        return type(drained, ['gateway', 'drain', 'edge']);
      },
      'nothing',
      () => type(drained, ['gateway', 'undrain', 'edge']),
    ),
  );
  await step('It is taken back', () => type(drained, ['gateway', 'undrain', 'edge']));
  await step('The gateway in use loses its power', () =>
    survive(
      { lab, settle },
      async (gateway) => {
        powerOn = await powerOff(gateway);
      },
      'something',
    ),
  );
  await step('It has power again. Delete everything: nothing is left', async () => {
    await powerOn();
    for (const gateway of gateways) {
      await gateway.endAgent('SIGTERM');
      await type(gateway, ['agent', '--teardown']);
      const left = await leftovers(gateway.host);
      must(left.length === 0, `left on ${gateway.host.name}: ${left.join('; ')}`);
    }
  });
  return (await Promise.all(gateways.map((gateway) => gateway.log()))).join('\n');
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** Where the machine itself stands still so often, there is nothing to measure. */
const TRIES = 3;

/**
 * 250 packets a second go each way when it comes. What costs packets and must not is tried again after `undo`, where
 * the machine itself stood still; where it does so each time, nothing is shown.
 */
async function survive(
  { lab, settle }: { readonly lab: ClusterLab; readonly settle: () => Promise<void> },
  fault: (gateway: Host) => Promise<unknown>,
  costs: 'something' | 'nothing',
  undo: () => Promise<unknown> = () => Promise.resolve(),
): Promise<void> {
  for (let next = 2; ; next += 1) {
    await settle();
    const { lost, stalledMilliseconds } = await lose(lab, fault);
    if (costs === 'something' || lost === 0) return;
    const words = `${String(lost)} packets were lost`;
    must(stalledMilliseconds >= STALL_MILLISECONDS, words);
    const reason = `${words}, and a machine that stands still loses packets whatever runs there`;
    if (next > TRIES) throw new CannotShow(reason);
    say(`${reason}: try ${String(next)} of ${String(TRIES)}`);
    await undo();
  }
}

async function lose(
  lab: ClusterLab,
  fault: (gateway: Host) => Promise<unknown>,
): Promise<{ readonly lost: number; readonly stalledMilliseconds: number }> {
  const outages = await measureOutages(clusterFlows(lab), async (): Promise<Fault> => {
    const gateway = await gatewayInUse(lab);
    return () => {
      say(`it is ${gateway.name}`);
      return fault(gateway);
    };
  });
  tell('outbound', outages.outbound);
  tell('inbound', outages.inbound);
  if (outages.stalledMilliseconds >= STALL_MILLISECONDS)
    say(`this machine itself stood still for ${outages.stalledMilliseconds.toFixed(0)} ms`);
  const leaked = await leakedPackets(lab);
  say(`in clear: ${String(leaked)}`);
  must(leaked === 0, 'something left in clear');
  const { outbound, inbound, stalledMilliseconds } = outages;
  return { lost: outbound.lost + inbound.lost, stalledMilliseconds };
}

function tell(direction: string, { sent, lost, isFlowing, gapMilliseconds }: Outage): void {
  const gap = lost === 0 ? '' : `, ${gapMilliseconds.toFixed(0)} ms without a packet`;
  say(`${direction}: ${String(lost)} of ${String(sent)} packets lost${gap}`);
  must(isFlowing, `nothing passes ${direction} any more`);
}
