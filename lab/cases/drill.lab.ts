// A drill takes out what carries packets, measures what that costs, and brings it back, also when whoever began it dies.
// lab: userspace
// lab: alone

import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { after, before, describe, test } from 'node:test';
import { dataPlane } from '../data-plane.ts';
import { Sallyport } from '../sallyport.ts';
import {
  type ClusterLab,
  createCluster,
  leakedPackets,
  SERVER,
  untilAnswered,
} from '../topologies/cluster.ts';
import { startRemoteSite } from '../topologies/remote-site.ts';
import { startSallyportCluster } from '../topologies/sallyport-cluster.ts';
import { until } from '../until.ts';
import { Untouched } from '../untouched.ts';

const TUNNEL = 'sp.default.site.peer1';

interface DrillView {
  readonly takenOut: readonly string[];
  readonly restored: boolean;
  readonly targets: readonly {
    readonly before: string;
    readonly instead: string;
    readonly out: { readonly lost: number; readonly resumedMilliseconds: number | null };
    readonly back: { readonly lost: number };
  }[];
}

interface WorkView {
  readonly drill?: { readonly tunnels: readonly string[] };
  readonly bgp?: {
    readonly sessions: readonly { readonly tunnel?: string; readonly state: string }[];
  };
}

describe('a drill on one of two gateways', () => {
  let lab: ClusterLab;
  let gateway: Sallyport;
  let other: Sallyport;
  let untouched: Untouched;

  before(async () => {
    lab = await createCluster();
    untouched = await Untouched.in(lab);
    [gateway, other] = await startSallyportCluster(lab, await startRemoteSite(lab, dataPlane));
  });
  after(async () => {
    await lab.close();
  });

  const words = (duration: number): readonly string[] => [
    ...['failover', 'test', '--yes', '--target', SERVER.ipv4, '-o', 'json'],
    ...['--duration', String(duration)],
  ];
  const begin = (duration: number): ChildProcess =>
    gateway.host.spawn(process.execPath, [gateway.program, ...words(duration)], {
      env: gateway.environment,
    });
  const view = async (): Promise<WorkView> => (await gateway.tryReport()) ?? {};
  const untilOut = (): Promise<unknown> =>
    until('its tunnel is out', async () => (await view()).drill?.tunnels.includes(TUNNEL), 60_000);
  const untilBack = (): Promise<unknown> =>
    until(
      'its tunnel is back',
      async () => {
        const { drill, bgp } = await view();
        const inside = (bgp?.sessions ?? []).filter(({ tunnel }) => tunnel === TUNNEL);
        return (
          drill === undefined &&
          inside.length === 2 &&
          inside.every(({ state }) => state === 'established')
        );
      },
      60_000,
    );

  test('says who carries packets instead, what it costs, and brings it back', async (context) => {
    const told = JSON.parse(await gateway.mustRun(words(5))) as DrillView;
    context.diagnostic(JSON.stringify(told));
    assert.deepEqual([told.takenOut, told.restored], [[TUNNEL], true]);
    const [figures] = told.targets;
    assert.ok(figures !== undefined);
    assert.deepEqual([figures.before, figures.instead], ['default/site/peer1', 'host gw2']);
    assert.ok(figures.out.resumedMilliseconds !== null);
    await untilBack();
    await untilAnswered(lab);
  });

  test('is over by itself when the command is killed', async () => {
    const running = begin(5);
    await untilOut();
    running.kill('SIGKILL');
    await untilBack();
    await untilAnswered(lab);
  });

  test('is over with the next agent when the agent is killed', async () => {
    const running = begin(60);
    await untilOut();
    const { agent } = await gateway.report();
    process.kill(agent.pid, 'SIGKILL');
    running.kill('SIGKILL');
    const next = new Sallyport(gateway.host);
    await next.startAgent();
    await untilBack();
    await untilAnswered(lab);
    assert.equal((await next.report()).drift.count, 0);
    await untouched.restore([next, other]);
    assert.equal(await leakedPackets(lab), 0);
  });
});
