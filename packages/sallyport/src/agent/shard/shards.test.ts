/** One host, several IKE daemons: each does its part of the plan, and none waits for another. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { EngineError } from '../../drivers/strongswan/engine-error.ts';
import type { HostPlan, TunnelPlan } from '../../plan/host-plan.ts';
import { planWorld } from '../../plan/testing/plan-world.ts';
import { WORLDS } from '../../plan/testing/worlds.ts';
import { HostWithFakes } from '../testing/host-with-fakes.ts';

const planOf = (world: string): HostPlan => planWorld(WORLDS[world] ?? { text: '' }).plan;
const plan = planOf('two shards beside the host');
const ownOnly = planOf('dual-stack inside, IPv4 outside');

const namesIn = (shard: string | undefined): string[] =>
  plan.tunnels.filter((tunnel) => tunnel.shard === shard).map(({ name }) => name);
const [inIke3] = plan.tunnels.filter(({ shard }) => shard === 'ike3') as [TunnelPlan];

let host: HostWithFakes;

beforeEach(async () => {
  host = await HostWithFakes.start(['ike2', 'ike3']);
});
afterEach(async () => {
  await host[Symbol.asyncDispose]();
});

describe('a round of several daemons', () => {
  it('loads each with its own tunnels, and tells of all in the order of the plan', async () => {
    const { tunnels, engines, lines } = await host.round(plan);
    expect(lines).toEqual([]);
    expect([...host.charon.connections.keys()].sort()).toEqual(namesIn(undefined));
    for (const shard of ['ike2', 'ike3'])
      expect([...host.charonOf(shard).connections.keys()].sort()).toEqual(namesIn(shard));
    expect(tunnels.map(({ name }) => name)).toEqual(plan.tunnels.map(({ name }) => name));
    expect(new Set(engines.map(({ shard }) => shard))).toEqual(
      new Set([undefined, 'ike2', 'ike3']),
    );
    expect(engines.every(({ state }) => state === 'running')).toBe(true);
  });

  it('keeps SAs of equal ids in different daemons apart', async () => {
    await host.round(plan);
    for (const tunnel of plan.tunnels) host.bringUp(tunnel, '1');
    const { tunnels } = await host.round(plan);
    expect(tunnels.filter(({ state }) => state !== 'up').map(({ name }) => name)).toEqual([]);
  });

  it('goes on with the others where one does not come up, and says whose it is', async () => {
    const missing = 'network namespace ike3 of a shard is not there';
    host.shardEngine = {
      ...host.shardEngine,
      ensure: () => Promise.reject(new EngineError('engine/no-network-namespace', missing)),
    };
    const { tunnels, problems, differences } = await host.round(plan);
    expect(tunnels.filter(({ cause }) => cause?.code === 'engine/not-running')).toHaveLength(
      namesIn('ike2').length + namesIn('ike3').length,
    );
    expect([...host.charon.connections.keys()].sort()).toEqual(namesIn(undefined));
    expect(problems).toContainEqual({
      code: 'engine/no-network-namespace',
      severity: 'error',
      message: missing,
      shard: 'ike3',
    });
    expect(differences).toContainEqual({ text: 'IKE daemon: not running', shard: 'ike3' });
  });

  it('does its work also where a kernel cannot be watched', async () => {
    host.renewWatch = () => Promise.reject(new Error('spawn EMFILE'));
    const { lines, problems } = await host.round(plan);
    expect({ lines, problems }).toEqual({ lines: [], problems: [] });
    expect(host.messages).toContain(
      'the kernel of the daemon cannot be watched; going on by timer',
    );
  });

  it('waits for no daemon that hangs', async () => {
    let letGo: () => void = () => undefined;
    const hanging = new Promise<'running'>((resolve) => {
      letGo = () => {
        resolve('running');
      };
    });
    host.shardEngine = { ...host.shardEngine, ensure: () => hanging };
    const round = host.round(plan);
    while (host.charon.connections.size < namesIn(undefined).length)
      await new Promise((resolve) => setImmediate(resolve));
    letGo();
    expect((await round).lines).toEqual([]);
  });
});

describe('a shard that no tunnel needs any more', () => {
  it('is ended, and what it had is not missed', async () => {
    await host.round(plan);
    host.bringUp(inIke3);
    const { engines, lines } = await host.round(ownOnly);
    expect(lines).toEqual([]);
    expect(host.ended.sort()).toEqual(['ike2', 'ike3']);
    expect(engines.map(({ shard }) => shard)).toEqual([undefined]);
    expect(host.charonOf('ike3').connections.size).toBe(0);
    await host.round(ownOnly);
    expect(host.ended).toHaveLength(2);
  });

  it('is told of until it is ended, and comes back when it is wanted again', async () => {
    await host.round(plan);
    host.stopFault = new Error('it hangs');
    expect((await host.round(ownOnly)).differences).toEqual([
      { text: 'IKE daemon: not ended: it hangs', shard: 'ike2' },
      { text: 'IKE daemon: not ended: it hangs', shard: 'ike3' },
    ]);
    host.stopFault = undefined;
    expect((await host.round(plan)).lines).toEqual([]);
    expect([...host.charonOf('ike3').connections.keys()]).toEqual(namesIn('ike3'));
    expect((await host.round(ownOnly)).lines).toEqual([]);
  });

  it('is ended also where only an agent before has known it', async () => {
    await using other = await HostWithFakes.start(['ike2', 'ike3'], ['ike3']);
    await other.round(ownOnly);
    expect(other.ended).toEqual(['ike3']);
  });
});
