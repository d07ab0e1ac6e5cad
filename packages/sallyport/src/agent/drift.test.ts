import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { HostPlan, TunnelPlan } from '../plan/host-plan.ts';
import { planWorld } from '../plan/testing/plan-world.ts';
import { WORLDS } from '../plan/testing/worlds.ts';
import type { DriftEntry } from '../status/host-report.ts';
import type { Scoped } from '../status/scope.ts';
import { DriftWatch } from './drift-watch.ts';
import { HostWithFakes, NOON } from './testing/host-with-fakes.ts';
import { rememberingLog } from './testing/quiet-log.ts';

const { plan } = planWorld(WORLDS['dual-stack inside, IPv4 outside'] ?? { text: '' });
const reporting: HostPlan = { ...plan, driftPolicy: 'report', revision: 'reporting' };
const [tunnel] = plan.tunnels as readonly [TunnelPlan];
const SEEN = 'somebody else has changed what was in effect';

let host: HostWithFakes;

beforeEach(async () => {
  host = await HostWithFakes.start();
});
afterEach(async () => {
  await host[Symbol.asyncDispose]();
});

function breakRoute(): void {
  host.kernel.state = { ...host.kernel.state, routes: host.kernel.state.routes.slice(1) };
}

function breakRule(): void {
  host.kernel.state = { ...host.kernel.state, rules: host.kernel.state.rules.slice(1) };
}

function told(): number {
  return host.messages.filter((message) => message === SEEN).length;
}

const repairOf = (text: string, of?: string, scope: Scoped = {}): DriftEntry => ({
  ...scope,
  at: NOON,
  text: expect.stringContaining(text) as string,
  ...(of === undefined ? {} : { tunnel: of }),
  repaired: true,
});

describe('drift', () => {
  it('is no part of reaching a plan, nor of reaching the next one', async () => {
    await host.round(plan);
    await host.round(planWorld(WORLDS['VTI, pinned'] ?? { text: '' }).plan);
    expect(host.drift.report).toMatchObject({ count: 0, last: [] });
  });

  it('is what differs from a plan that was in effect: named, repaired, counted, told once', async () => {
    await host.round(plan);
    host.bringUp(tunnel);
    await host.round(plan);
    breakRoute();
    host.charon.connections.clear();
    expect((await host.round(plan)).lines).toEqual([]);
    await host.round(plan);
    const { count, last } = host.drift.report;
    expect([count, last]).toEqual([
      2,
      [
        repairOf('kernel: add route 10.20.0.0/16', tunnel.name),
        repairOf(`IKE daemon: add IKE connection ${tunnel.name}`, tunnel.name, { shard: null }),
      ],
    ]);
    expect(told()).toBe(2);
    breakRoute();
    await host.round(plan);
    expect(host.drift.report.count).toBe(3);
  });

  it('is not what a plan has left behind that did not get through', async () => {
    await host.round(reporting);
    const { plan: other } = planWorld(WORLDS['four family combinations'] ?? { text: '' });
    host.kernel.refusal = 'RTNETLINK answers: Operation not permitted';
    for (const { name } of other.tunnels) host.charon.refused.add(name);
    expect((await host.round(other)).lines).not.toEqual([]);
    host.kernel.refusal = undefined;
    breakRule();
    expect((await host.round(reporting)).lines).toEqual([]);
    expect(host.drift.report.count).toBe(0);
  });

  it('is not what a daemon lacks that was restarted', async () => {
    await host.round(reporting);
    host.charon.restart('Nov 21 09:00:00 2026');
    expect((await host.round(reporting)).lines).toEqual([]);
    expect(host.charon.connections.has(tunnel.name)).toBe(true);
    expect(host.drift.report.count).toBe(0);
  });

  it('is not what a daemon lacks that was restarted so quickly that its age tells nothing', async () => {
    await host.round(reporting);
    host.charon.connections.clear();
    host.charon.shared.clear();
    host.charon.sas.length = 0;
    expect((await host.round(reporting)).lines).toEqual([]);
    expect(host.charon.connections.has(tunnel.name)).toBe(true);
    expect(host.drift.report.count).toBe(0);
  });

  it('is not what the new TUN device of another daemon lacks', async () => {
    const world = WORLDS['BGP in user space, where all tunnels share a device'];
    const inUserSpace = {
      ...planWorld(world ?? { text: '' }).plan,
      driftPolicy: 'report',
    } as const;
    const missing = { text: 'kernel: ipsec0 is not there: the IKE daemon makes it' };
    expect((await host.round(inUserSpace)).differences).toContainEqual(missing);
    for (const index of ['17', '18']) {
      host.kernel.state = {
        ...host.kernel.state,
        engineDevice: { index, isUp: true, addresses: [] },
        routes: host.kernel.state.routes.filter((route) => route.interface !== 'ipsec0'),
      };
      expect((await host.round(inUserSpace)).differences).not.toContainEqual(missing);
      expect(host.kernel.state.engineDevice?.addresses).toContain('169.254.10.2/30');
    }
    expect(host.drift.report.count).toBe(0);
  });

  it('stays in the report while it cannot be repaired, and is counted once', async () => {
    await host.round(plan);
    breakRule();
    host.kernel.refusal = 'RTNETLINK answers: Operation not permitted';
    for (let round = 0; round < 3; round += 1) {
      const { differences } = await host.round(plan);
      expect(differences.map(({ drifted }) => drifted)).toEqual([true]);
    }
    expect(host.drift.report.last).toMatchObject([{ repaired: false }]);
    expect([host.drift.report.count, told()]).toEqual([1, 1]);
  });
});

describe('drift that is only reported', () => {
  it('stands as it was left, in kernel and daemon, and is told once', async () => {
    await host.round(reporting);
    host.bringUp(tunnel);
    await host.round(reporting);
    breakRoute();
    host.charon.connections.clear();
    const applied = host.kernel.applied.length;
    for (let round = 0; round < 2; round += 1) {
      const { differences } = await host.round(reporting);
      expect(differences).toEqual([
        {
          text: expect.stringContaining('kernel: add route 10.20.0.0/16') as string,
          tunnel: tunnel.name,
          drifted: true,
        },
        {
          text: `IKE daemon: add IKE connection ${tunnel.name}`,
          tunnel: tunnel.name,
          shard: null,
          drifted: true,
        },
      ]);
    }
    expect(host.kernel.applied).toHaveLength(applied);
    expect(host.charon.connections.has(tunnel.name)).toBe(false);
    expect(host.drift.report).toMatchObject({
      count: 2,
      last: [{ repaired: false }, { repaired: false }],
    });
    expect(told()).toBe(2);
  });

  it('still lets tunnels be kept up', async () => {
    await host.round(reporting);
    host.bringUp(tunnel);
    await host.round(reporting);
    breakRule();
    host.charon.sas.length = 0;
    host.charon.forgetChanges();
    await host.round(reporting);
    expect(host.charon.changes).toEqual([`initiate ${tunnel.name}`]);
  });

  it('is put right by another plan', async () => {
    await host.round(reporting);
    breakRule();
    expect((await host.round(reporting)).lines).toHaveLength(1);
    expect((await host.round(plan)).lines).toEqual([]);
    expect(host.drift.report.count).toBe(1);
  });

  it('is forgotten when somebody else puts it right, and is new when it comes again', async () => {
    await host.round(reporting);
    const { state } = host.kernel;
    for (let time = 0; time < 2; time += 1) {
      breakRule();
      await host.round(reporting);
      host.kernel.state = state;
      expect((await host.round(reporting)).lines).toEqual([]);
    }
    expect([host.drift.report.count, told()]).toEqual([2, 2]);
  });
});

describe('DriftWatch', () => {
  const look = { level: 'kernel', plan: reporting };
  const found = [{ text: 'kernel: add rule' }];
  const watch = (life: string, last?: ConstructorParameters<typeof DriftWatch>[0]['last']) =>
    new DriftWatch({ log: rememberingLog().log, life, last, now: () => new Date(NOON) });

  it('outlives the agent: what stands is not counted again', () => {
    const before = watch('boot-1 0.1');
    before.note(look, [], new Set());
    before.note(look, found, new Set(['kernel: add rule']));
    const differences = [{ text: 'kernel: add rule', drifted: true }] as const;
    const after = watch('boot-1 0.1', { drift: before.report, differences });
    expect(after.decide(look)).toBe('leave');
    after.note(look, found, new Set(['kernel: add rule']));
    expect(after.report).toEqual(before.report);
  });

  it('takes nothing for drift after a boot, or with another release', () => {
    const before = watch('boot-1 0.1');
    before.note(look, [], new Set());
    expect(watch('boot-2 0.1', { drift: before.report }).decide(look)).toBe('reach');
    expect(watch('boot-1 0.2', { drift: before.report }).decide(look)).toBe('reach');
    expect(watch('boot-1 0.1', {}).decide(look)).toBe('reach');
  });

  it('keeps the last twenty', () => {
    const one = watch('boot-1 0.1');
    one.note(look, [], new Set());
    const many = Array.from({ length: 50 }, (_, index) => ({ text: `route ${String(index)}` }));
    one.note(look, many, new Set());
    expect([one.report.count, one.report.last.length]).toEqual([50, 20]);
    expect(one.report.last.at(-1)?.text).toBe('route 49');
  });
});
