/** Tunnels over several rounds: exchanged while they carry packets, and brought back when they were lost. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { twoSites, vary } from '../model/testing.ts';
import type { HostPlan, TunnelPlan } from '../plan/host-plan.ts';
import { planWorld } from '../plan/testing/plan-world.ts';
import { HostWithFakes } from './testing/host-with-fakes.ts';

const planOf = (...changes: readonly (readonly [string, string])[]): HostPlan =>
  planWorld({ text: vary(twoSites, ...changes) }).plan;
const plan = planOf();
const probing = planOf(['start: initiate', 'liveness: {delaySeconds: 33}']);
const narrower = planOf(["networks: [10.20.0.0/16, 'fd20::/48']", 'networks: [10.20.0.0/16]']);
const disabled = planOf(['start: initiate', 'adminState: disabled']);
const [tunnel] = plan.tunnels as readonly [TunnelPlan];
const STANDS = `IKE daemon: ${tunnel.name} still carries packets as it was configured before`;

let host: HostWithFakes;

beforeEach(async () => {
  host = await HostWithFakes.start();
  await host.round(plan);
  host.bringUp(tunnel, '1');
  await host.round(plan);
  host.charon.forgetChanges();
});
afterEach(async () => {
  await host[Symbol.asyncDispose]();
});

/** Commands of the daemon's that a round brought. */
async function commandsOf(next: HostPlan): Promise<string[]> {
  host.charon.forgetChanges();
  await host.round(next);
  return host.charon.changes;
}

describe('a tunnel whose configuration changed', () => {
  it('is made anew beside the old SA, which ends when the new one carries everything', async () => {
    expect(await commandsOf(probing)).toEqual([
      `load-conn ${tunnel.name}`,
      `initiate ${tunnel.name}`,
    ]);
    expect((await host.round(probing)).lines).toEqual([STANDS]);
    expect(host.charon.sas.map(({ uniqueId }) => uniqueId)).toEqual(['1']);
    host.bringUp(tunnel, '2');
    expect(await commandsOf(probing)).toEqual(['terminate 1']);
    const { lines, tunnels } = await host.round(probing);
    expect(lines).toEqual([]);
    expect(tunnels.map(({ state, ike }) => [state, ike?.uniqueId])).toEqual([['up', '2']]);
  });

  it('keeps its old SA while the new one fails, says why, and tries again later', async () => {
    host.charon.refuseToInitiate('NO_PROPOSAL_CHOSEN');
    await host.round(probing);
    const { tunnels, lines } = await host.round(probing);
    expect(lines).toEqual([STANDS]);
    expect(tunnels.map(({ state, cause }) => [state, cause?.code])).toEqual([
      ['up', 'child/failed'],
    ]);
    expect(await commandsOf(probing)).toEqual([]);
    host.now += 60_000;
    expect(await commandsOf(probing)).toEqual([`initiate ${tunnel.name}`]);
    expect(host.charon.sas.map(({ uniqueId }) => uniqueId)).toEqual(['1']);
  });

  it('goes back without a new SA where the change is taken back in time', async () => {
    host.charon.refuseToInitiate('NO_PROPOSAL_CHOSEN');
    await host.round(probing);
    expect(await commandsOf(plan)).toEqual([`load-conn ${tunnel.name}`]);
    expect((await host.round(plan)).lines).toEqual([]);
  });

  it('loses only the Child SA whose networks are gone', async () => {
    expect(host.charon.sas[0]?.children).toMatchObject([
      { name: 'v4', uniqueId: '10' },
      { name: 'v6', uniqueId: '11' },
    ]);
    expect(await commandsOf(narrower)).toEqual([`load-conn ${tunnel.name}`, 'terminate 11']);
  });
});

describe('a tunnel that was disabled', () => {
  it('is taken down and reported as such, with nothing left to differ', async () => {
    await host.round(disabled);
    const { tunnels, lines } = await host.round(disabled);
    expect(tunnels.map(({ state }) => state)).toEqual(['disabled']);
    expect(lines).toEqual([]);
    expect(host.charon.sas).toEqual([]);
    expect(host.charon.connections.size).toBe(0);
  });
});

describe('states that the kernel has lost', () => {
  it('are believed lost only when they are missing twice: a rekey may be under way', async () => {
    host.hasStates = false;
    const first = await host.round(plan);
    expect(first.lines).toEqual([]);
    expect(first.isMoving).toBe(true);
    host.hasStates = true;
    expect((await host.round(plan)).lines).toEqual([]);
    expect(host.charon.changes).toEqual([]);
  });

  it('are named, and the tunnel is made anew', async () => {
    host.hasStates = false;
    await host.round(plan);
    const { lines, tunnels } = await host.round(plan);
    expect(lines).toContain(
      `kernel: states or policies of ${String(tunnel.children.length)} Child SAs of ${tunnel.name} are gone`,
    );
    expect(tunnels.map(({ state }) => state)).not.toContain('up');
    host.hasStates = true;
    await host.round(plan);
    expect(host.charon.changes.map((line) => line.split(' ')[0])).toEqual([
      ...tunnel.children.map(() => 'terminate'),
      'initiate',
    ]);
  });
});

describe('a daemon that had to be started', () => {
  it('is told of once', async () => {
    let starts = 0;
    host.engine = {
      ...host.engine,
      ensure: () => {
        starts += 1;
        return Promise.resolve(starts === 1 ? 'started' : 'running');
      },
    };
    await host.round(plan);
    await host.round(plan);
    expect(host.messages.filter((message) => message === 'IKE daemon started')).toHaveLength(1);
  });
});
