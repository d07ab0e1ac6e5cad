// A gateway of two is drained under traffic, stopped, and taken back: nothing is lost in either direction, whether the
// other side prefers others by itself (RFC 8326) or not.
// lab: userspace
// lab: alone

import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { GAP_MILLISECONDS } from '../cluster-faults.ts';
import { dataPlane } from '../data-plane.ts';
import { powerOff, type Undo } from '../faults.ts';
import type { FrrStranger } from '../frr-stranger.ts';
import type { Host } from '../host.ts';
import { measureOutages } from '../outage.ts';
import { Sallyport } from '../sallyport.ts';
import {
  type ClusterLab,
  carriers,
  clusterFlows,
  createCluster,
  leakedPackets,
} from '../topologies/cluster.ts';
import { startRemoteSite } from '../topologies/remote-site.ts';
import { startSallyportCluster } from '../topologies/sallyport-cluster.ts';
import { until } from '../until.ts';
import { Untouched } from '../untouched.ts';

interface DrainView {
  readonly mayStop: boolean;
  readonly others: readonly string[];
  readonly endedSessions: readonly string[];
  readonly flows: readonly unknown[];
}

async function drain(gateway: Sallyport): Promise<DrainView> {
  return JSON.parse(await gateway.mustRun(['gateway', 'drain', 'edge', '-o', 'json'])) as DrainView;
}

async function undrain(gateway: Sallyport): Promise<void> {
  await gateway.mustRun(['gateway', 'undrain', 'edge']);
}

/** While it is done, packets flow in both directions, and none gets lost. */
async function losesNothing(
  lab: ClusterLab,
  context: TestContext,
  what: string,
  work: () => Promise<unknown>,
): Promise<void> {
  const outages = await measureOutages(clusterFlows(lab), () => Promise.resolve(work));
  const { outbound, inbound } = outages;
  context.diagnostic(`${what}: ${JSON.stringify(outages)}`);
  assert.deepEqual([outbound.lost, inbound.lost], [0, 0], what);
  assert.equal(await leakedPackets(lab), 0);
}

/** Everything goes through the second gateway; a moment of a busy machine may see no packet at all. */
async function untilBeside(lab: ClusterLab): Promise<void> {
  await until(
    'the second gateway carries both directions',
    async () => {
      const { outbound, inbound } = await carriers(lab, 'gateways');
      return outbound === 2 && inbound === 2;
    },
    5_000,
  );
}

describe('a gateway that is drained', () => {
  test('is left by all packets before it is stopped, and gets them back', async (context) => {
    await using lab = await createCluster();
    const host = lab.host('gw1');
    const untouched = await Untouched.in(lab);
    const [, other] = await startSallyportCluster(lab, await startRemoteSite(lab, dataPlane));
    const gateway = new Sallyport(host);
    const next = new Sallyport(host);
    await losesNothing(lab, context, 'drain', async () => {
      const told = await drain(gateway);
      assert.deepEqual(told, {
        ...{ ...told, mayStop: true, others: ['host gw2'], endedSessions: [], flows: [] },
      });
      await untilBeside(lab);
    });
    const drained = (await gateway.report()) as { readonly drain?: unknown };
    assert.ok(drained.drain !== undefined);
    await losesNothing(lab, context, 'another agent', async () => {
      const { agent } = await gateway.report();
      process.kill(agent.pid, 'SIGKILL');
      await until(
        'the agent is gone',
        async () => (await gateway.tryReport()) === undefined,
        10_000,
      );
      await next.startAgent();
      await next.untilAsDeclared();
      await untilBeside(lab);
      assert.equal((await next.report()).drift.count, 0);
    });
    let powerOn: Undo = () => Promise.resolve();
    await losesNothing(lab, context, 'power off', async () => {
      powerOn = await powerOff(host);
    });
    await powerOn();
    await gateway.untilUp('site');
    await losesNothing(lab, context, 'undrain', () => undrain(gateway));
    await until('it carries packets again', () => carriesOutbound(lab), 30_000);
    assert.match(await gateway.mustRun(['events']), /Drained[^]*Undrained/);
    await untouched.restore([next, other]);
  });

  test('is left by a peer, too, that goes by the length of ways alone', async (context) => {
    await using lab = await createCluster();
    const remote = await startRemoteSite(lab, dataPlane);
    for (const { routing } of remote.peers) await ignoreGracefulShutdown(routing, 100);
    const untouched = await Untouched.in(lab);
    const gateways = await startSallyportCluster(lab, remote);
    const [gateway] = gateways;
    await losesNothing(lab, context, 'drain', async () => {
      const { mayStop, endedSessions } = await drain(gateway);
      assert.deepEqual([mayStop, endedSessions], [true, []]);
      await untilBeside(lab);
    });
    await losesNothing(lab, context, 'undrain', () => undrain(gateway));
    await untouched.restore(gateways);
  });

  test('takes what comes by a peer that prefers it whatever it says, until it ends BGP there', async (context) => {
    await using lab = await createCluster();
    const hosts = [lab.host('gw1'), lab.host('gw2')];
    for (const host of hosts) await filterReversePaths(host);
    const filters = await Promise.all(hosts.map(reversePathFilters));
    const remote = await startRemoteSite(lab, dataPlane);
    await ignoreGracefulShutdown(remote.peers[0].routing, 200);
    const untouched = await Untouched.in(lab);
    const gateways = await startSallyportCluster(lab, remote);
    const [gateway] = gateways;
    const outages = await measureOutages(clusterFlows(lab), () =>
      Promise.resolve(async () => {
        const { mayStop, endedSessions } = await drain(gateway);
        assert.deepEqual([mayStop, endedSessions], [true, ['sp.default.site.peer1']]);
        await untilBeside(lab);
      }),
    );
    const { outbound, inbound } = outages;
    context.diagnostic(JSON.stringify(outages));
    assert.equal(outbound.lost, 0);
    // The peer itself knows no other way until the router behind it does. Before, all came in by the tunnel while the way
    // back led to the other gateway: for longer than this.
    assert.ok(inbound.gapMilliseconds <= GAP_MILLISECONDS);
    for (const [index, host] of hosts.entries()) {
      const { ours, others } = await reversePathFilters(host);
      assert.deepEqual([ours, others], [['2'], filters[index]?.others], host.name);
    }
    await losesNothing(lab, context, 'undrain', () => undrain(gateway));
    await untouched.restore(gateways);
  });
});

/** With packets to see it by. */
async function carriesOutbound(lab: ClusterLab): Promise<boolean> {
  let isFirst = false;
  await measureOutages({ ...clusterFlows(lab), observeSeconds: 0 }, () =>
    Promise.resolve(async () => {
      isFirst = (await carriers(lab, 'gateways')).outbound === 1;
    }),
  );
  return isFirst;
}

/** Strict, also on interfaces to come (RFC 3704 §2.2): what has another way back is dropped. */
async function filterReversePaths(host: Host): Promise<void> {
  const names = ['all', 'default', 'wan', 'lan'];
  const settings = names.map((name) => `net.ipv4.conf.${name}.rp_filter=1`);
  await host.mustExec('sysctl', ['-q', '-w', ...settings]);
}

interface ReversePathFilters {
  /** Of the interfaces of tunnels; Linux Documentation/networking/ip-sysctl, rp_filter: 2 is loose. */
  readonly ours: readonly string[];
  readonly others: readonly string[];
}

async function reversePathFilters(host: Host): Promise<ReversePathFilters> {
  const pattern = '^net[.]ipv4[.]conf[.][^.]+[.]rp_filter$';
  const words = await host.mustExec('sysctl', ['--all', '--pattern', pattern]);
  const all = [...words.matchAll(/conf\.(\S+)\.rp_filter = (\d)/g)];
  const isOurs = ([, name = '']: readonly string[]): boolean =>
    /^(?:ipsec0|sp[0-9a-f]{8})$/.test(name);
  return {
    ours: all.filter(isOurs).map(([, , value = '']) => value),
    others: all.filter((one) => !isOurs(one)).map(([line]) => line),
  };
}

/** As a router that knows nothing of RFC 8326: what comes from tunnels has the preference that it sets itself. */
async function ignoreGracefulShutdown(router: FrrStranger, preference: number): Promise<void> {
  await router.configure(
    'route-map IGNORE permit 10',
    `set local-preference ${String(preference)}`,
    'set community none',
    'exit',
    'router bgp 64512',
    ...['ipv4', 'ipv6'].flatMap((family) => [
      `address-family ${family} unicast`,
      'neighbor TUNNEL route-map IGNORE in',
      'exit-address-family',
    ]),
  );
}
