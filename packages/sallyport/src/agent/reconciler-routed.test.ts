import { expect, it } from 'vitest';
import type { HostPlan } from '../plan/host-plan.ts';
import { planWorld } from '../plan/testing/plan-world.ts';
import { WORLDS } from '../plan/testing/worlds.ts';
import { Reconciler } from './reconciler.ts';

const { plan } = planWorld(WORLDS['a node behind two gateways'] ?? { text: '' });
const { signal } = new AbortController();
const NOTHING = { differences: [], problems: [] };

it('goes by one plan while what it cannot count on stays the same', async () => {
  const routed: HostPlan[] = [];
  const note = (given: HostPlan): void => {
    routed.push(given);
  };
  const reconciler = new Reconciler({
    kernel: {
      round: (given) => {
        note(given);
        return Promise.resolve(NOTHING);
      },
      moveFlows: (given) => {
        note(given);
        return Promise.resolve();
      },
      forwarded: () => Promise.resolve(undefined),
      installed: new Set(),
    },
    reflections: { follow: () => undefined, applyTo: (given) => given, report: (bgp) => bgp },
    shards: {
      round: () => Promise.resolve({ ...NOTHING, engines: [], tunnels: [], isMoving: false }),
    },
    routing: { round: () => Promise.resolve(NOTHING) },
    vrrp: { held: () => Promise.resolve(new Set()), round: () => Promise.resolve(NOTHING) },
  });
  const round = async (...silent: readonly string[]): Promise<void> => {
    const withdrawn = {
      ...{
        down: new Set<string>(),
        failed: new Set<string>(),
        doubtful: new Set<string>(),
        quiet: new Set<string>(),
        isLanLost: false,
      },
      silent: new Set(silent),
    };
    await reconciler.moveFlows(plan, withdrawn, signal);
    await reconciler.round(
      plan,
      {
        extent: { kernel: true, loaded: true, sas: true },
        ...{ withdrawn, drilled: new Set(), probes: () => [] },
      },
      signal,
    );
  };
  await round('gw1');
  await round('gw1');
  expect(new Set(routed).size).toBe(1);
  expect(routed[0]?.revision).not.toBe(plan.revision);
  await round('gw2');
  expect(new Set(routed).size).toBe(2);
});
