// Hosts behind the gateways: they send by both, begin themselves, and go on with what they know when nobody tells them
// anything. A node that is not declared takes part by BGP of its own.
// lab: userspace
// lab: alone

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { canEncapsulate } from '../can-encapsulate.ts';
import { GAP_MILLISECONDS } from '../cluster-faults.ts';
import { dataPlane } from '../data-plane.ts';
import { CLUSTER, CLUSTER_IN_VXLAN } from '../declarations/cluster.ts';
import { killDaemon, powerOff, type Undo } from '../faults.ts';
import { FrrStranger } from '../frr-stranger.ts';
import { measureOutages } from '../outage.ts';
import { probe } from '../path-mtu.ts';
import { startPingStream } from '../ping-stream.ts';
import type { Sallyport } from '../sallyport.ts';
import { lanBfd, nodeRouting } from '../sites/plain-cluster.ts';
import { REMOTE_AS } from '../sites/remote-site.ts';
import {
  type ClusterLab,
  clusterFlows,
  createCluster,
  gatewayInUse,
  leakedPackets,
  podAddress,
  REMOTE_NETWORKS,
  SERVER,
} from '../topologies/cluster.ts';
import { type RemoteSite, startRemoteSite } from '../topologies/remote-site.ts';
import { type SallyportCluster, startSallyportNodes } from '../topologies/sallyport-cluster.ts';
import { until } from '../until.ts';
import { Untouched } from '../untouched.ts';

/** More than a usual gateway takes from a site. */
const MANY = 10_000;
/** Generous: three FRR in a row pass them on, and one machine does the work of all. */
const MANY_MILLISECONDS = 20_000;
/** Until the last round that 10,000 prefixes have caused is over, and of what is then taken for usual. */
const SETTLE_MILLISECONDS = 12_000;
const LAN_MTU_BYTES = 1_500;
/** Below that of the tunnels, and enough for IPv6 (RFC 8200 §5). */
const SMALL_LAN_MTU_BYTES = 1_300;
const SHARE_MILLISECONDS = 20_000;
const DECLARATIONS = CLUSTER.replace(
  'maximumPrefixes: 1500',
  `maximumPrefixes: ${2 * MANY}, longestPrefix: {ipv4: 30}`,
);

const WEIGHT = 3;
const WITH_WEIGHT = CLUSTER_IN_VXLAN.replace("'fd20::1']\n", `'fd20::1']\n  weight: ${WEIGHT}\n`);

describe('nodes behind two gateways', () => {
  let lab: ClusterLab;
  let remote: RemoteSite;
  let cluster: SallyportCluster;
  let untouched: Untouched;
  before(async () => {
    lab = await createCluster();
    untouched = await Untouched.in(lab);
    remote = await startRemoteSite(lab, dataPlane);
    cluster = await startSallyportNodes(lab, remote, DECLARATIONS);
  });
  after(async () => {
    await lab[Symbol.asyncDispose]();
  });

  test('begin themselves, in both families', async () => {
    for (const { host } of cluster.nodes)
      for (const address of Object.values(SERVER)) {
        const { sent, received } = await host.ping(address);
        assert.equal(received, sent, `${host.name} to ${address}`);
      }
  });

  test('carry packets of the MTU of the tunnels in one piece, and tell who sends larger ones', async () => {
    await carriesWhole(lab, cluster);
  });

  test('are told of, from an address that the other site knows, where packets are too large for their LAN', async () => {
    const gateways = cluster.gateways.map(({ host }) => host);
    const setMtu = (bytes: number): Promise<unknown> =>
      Promise.all(gateways.map((host) => host.ip([`link set dev lan mtu ${bytes}`])));
    await setMtu(SMALL_LAN_MTU_BYTES);
    for (const address of [podAddress(1), 'fd20:0:0:1::2']) {
      const answer = await probe(lab.host('server'), address, SMALL_LAN_MTU_BYTES + 1);
      assert.ok(answer.kind === 'too-big', `${address}: ${answer.kind}`);
      assert.equal(answer.mtuBytes, SMALL_LAN_MTU_BYTES);
      assert.match(answer.from, /^(?:10\.20\.0\.|fd20::)[12]$/);
    }
    await setMtu(LAN_MTU_BYTES);
  });

  test('lose nothing while their agent is dead, nor when the next one begins', async () => {
    const [node] = cluster.nodes;
    assert.ok(node);
    const stream = await startPingStream(lab.host('pod1'), SERVER.ipv4, 0.02);
    const known = await objectsOf(node);
    await node.endAgent('SIGKILL');
    assert.deepEqual(await objectsOf(node), known);
    await node.startAgent();
    await until(
      'the plan is in effect',
      async () => (await node.lastReport())?.isInEffect === true,
      30_000,
    );
    assert.deepEqual((await stream.stop()).lost, []);
    assert.deepEqual(await objectsOf(node), known);
  });

  test('lose nothing when their bgpd is killed, and hear both gateways again', async () => {
    const [node] = cluster.nodes;
    assert.ok(node);
    const stream = await startPingStream(lab.host('pod1'), SERVER.ipv4, 0.02);
    const known = await objectsOf(node);
    const killedAt = Date.now();
    await killDaemon(node.host, 'bgpd');
    await until(
      'both gateways speak again',
      async () => (await sessionsSince(node, killedAt)) === 4,
      60_000,
    );
    await until('they carry flows', async () => (await objectsOf(node)) === known, 20_000);
    assert.deepEqual((await stream.stop()).lost, []);
  });

  test(`have ${MANY} prefixes within seconds`, async (context) => {
    for (const { routing } of remote.peers) await prepareMany(routing);
    const used = new Map<Sallyport, number>();
    for (const node of cluster.nodes) used.set(node, await node.agentProcessorMilliseconds());
    const begin = performance.now();
    for (const { routing } of remote.peers) await tellMany(routing, '');
    const counts = await Promise.all(
      cluster.nodes.map(async (node) => {
        await until(
          `${node.host.name} has them`,
          async () => (await routesOf(node)) > MANY,
          MANY_MILLISECONDS,
        );
        return {
          milliseconds: Math.round(performance.now() - begin),
          // Milliseconds of its own, whatever else is busy.
          processor: (await node.agentProcessorMilliseconds()) - (used.get(node) ?? 0),
        };
      }),
    );
    context.diagnostic(JSON.stringify({ prefixes: MANY, byNode: counts }));
    await delay(SETTLE_MILLISECONDS);
    const shares = await Promise.all(cluster.nodes.map(processorShare));
    context.diagnostic(JSON.stringify({ percentOfProcessorByAgent: shares }));
    for (const { routing } of remote.peers) await tellMany(routing, 'no ');
    for (const node of cluster.nodes)
      await until(
        `${node.host.name} has them no more`,
        async () => (await routesOf(node)) < MANY,
        MANY_MILLISECONDS,
      );
  });

  test('send by the other gateway as soon as one has lost its power', async (context) => {
    let powerOn: Undo = () => Promise.resolve();
    const { outbound } = await measureOutages(clusterFlows(lab), async () => {
      const gateway = await gatewayInUse(lab);
      return async () => {
        powerOn = await powerOff(gateway);
      };
    });
    context.diagnostic(JSON.stringify(outbound));
    assert.ok(outbound.lost > 0, 'the fault did not meet the traffic');
    assert.ok(outbound.gapMilliseconds <= GAP_MILLISECONDS, 'it took a hold time, or for ever');
    await powerOn();
  });

  test('leave nothing behind, and make room for a stranger', async () => {
    const [node, ...others] = [...cluster.nodes].reverse();
    assert.ok(node);
    await untouched.restore([node]);
    const stranger = new FrrStranger(node.host, {
      ...{ zebra: '', bfdd: lanBfd(100), bgpd: nodeRouting(3) },
    });
    await stranger.start();
    await until(
      'the stranger reaches the server',
      async () => (await lab.host('pod3').ping(SERVER.ipv4, { count: 1 })).received === 1,
      30_000,
    );
    await untouched.restore([...cluster.gateways, ...others]);
    assert.equal(await leakedPackets(lab), 0);
  });
});

describe('nodes whose fabric drops foreign addresses', () => {
  test('carry them inside of VXLAN, both ways and in both families', async (context) => {
    if (!(await canEncapsulate())) {
      context.skip('not on this kernel');
      return;
    }
    await using lab = await createCluster();
    const untouched = await Untouched.in(lab);
    const remote = await startRemoteSite(lab, dataPlane);
    const cluster = await startSallyportNodes(lab, remote, WITH_WEIGHT);
    const sniffer = await lab
      .host('node1')
      .sniff('lan', { innerPrefixes: Object.values(REMOTE_NETWORKS) });
    for (const address of Object.values(SERVER)) {
      const { sent, received } = await lab.host('pod1').ping(address);
      assert.equal(received, sent, address);
    }
    const { clear } = await sniffer.stop();
    assert.deepEqual(clear, []);
    await carriesWhole(lab, cluster);
    for (const node of cluster.nodes)
      await until('the first gateway has its weight', () => prefersFirst(node), 20_000);
    await untouched.restore([...cluster.gateways, ...cluster.nodes]);
    assert.equal(await leakedPackets(lab), 0);
  });
});

/** From workload to workload; what is too large is refused by a host whose address the workload can reach. */
async function carriesWhole(lab: ClusterLab, { gateways }: SallyportCluster): Promise<void> {
  const [gateway] = gateways;
  const mtuBytes = (await gateway.report()).tunnels[0]?.mtuBytes ?? 0;
  // Answers are as large, and their tunnels are declared to be smaller than need be.
  for (const peer of [lab.host('peer1'), lab.host('peer2')])
    await peer.ip([`link set dev ipsec0 mtu ${mtuBytes}`]);
  for (const address of Object.values(SERVER)) {
    const pod = lab.host('pod1');
    assert.deepEqual(await probe(pod, address, mtuBytes), { kind: 'passed' });
    const answer = await probe(pod, address, mtuBytes + 1);
    assert.ok(answer.kind === 'too-big', `${address}: ${answer.kind}`);
    assert.equal(answer.mtuBytes, mtuBytes);
    assert.match(answer.from, /^(?:10\.20\.|fd20:)/);
  }
}

/** Routes that its BGP may tell: inside of what the cluster accepts, and none of them holds a workload. */
async function prepareMany(router: FrrStranger): Promise<void> {
  const prefixes = Array.from(
    { length: MANY },
    (_, index) => `10.50.${64 + (index >> 6)}.${(index & 63) << 2}/30`,
  );
  await router.host.ip(prefixes.map((prefix) => `route add blackhole ${prefix}`));
  await router.configure(
    'ip prefix-list MANY permit 10.50.64.0/18 ge 30',
    'ip prefix-list MANY permit 10.50.128.0/17 ge 30',
    'route-map MANY permit 10',
    'match ip address prefix-list MANY',
  );
}

async function tellMany(router: FrrStranger, verb: 'no ' | ''): Promise<void> {
  await router.configure(
    `router bgp ${REMOTE_AS}`,
    'address-family ipv4 unicast',
    `${verb}redistribute kernel route-map MANY`,
  );
}

/** Whether the first gateway has its weight in every group of a node. */
async function prefersFirst(node: Sallyport): Promise<boolean> {
  const objects = await objectsOf(node);
  const groups = [...objects.matchAll(/ group (\S+)/g)];
  return (
    groups.length > 0 &&
    groups.every(([, members = '']) => {
      const [, id] = new RegExp(`(\\d+),${WEIGHT}(?:/|$)`).exec(members) ?? [];
      return new RegExp(`^id ${id} .* dst (?:10\\.20\\.0\\.1|fd20::1) `, 'm').test(objects);
    })
  );
}

/** Ways in the kernel. */
async function objectsOf({ host }: Sallyport): Promise<string> {
  return host.mustExec('ip', ['nexthop', 'show', 'protocol', '83']);
}

/** Counted by the kernel: to list ten thousand again and again would take from those who install them. */
async function routesOf({ host }: Sallyport): Promise<number> {
  const tables = await host.mustExec('cat', ['/proc/net/fib_triestat']);
  const [, count] = /^Id 8300:\n(?:\t.*\n)*?\tPrefixes: +(\d+)$/m.exec(tables) ?? [];
  return Number(count ?? 0);
}

/** Sessions that have begun since, in milliseconds since 1970: a report may be older than what it is asked for. */
async function sessionsSince(node: Sallyport, moment: number): Promise<number> {
  const report = await node.tryReport();
  return (report?.bgp?.sessions ?? []).filter(
    ({ state, establishedSince = '' }) =>
      state === 'established' && Date.parse(establishedSince) > moment,
  ).length;
}

/** Of one processor, in percent. */
async function processorShare(node: Sallyport): Promise<number> {
  const before = await node.agentProcessorMilliseconds();
  await delay(SHARE_MILLISECONDS);
  const used = (await node.agentProcessorMilliseconds()) - before;
  return Math.round((1_000 * used) / SHARE_MILLISECONDS) / 10;
}
