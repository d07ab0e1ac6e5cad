import { describe, expect, it } from 'vitest';
import type { HostPlan, TunnelPlan } from './host-plan.ts';
import { differingTunnels, shareTunnels } from './same-tunnels.ts';
import { planWorld } from './testing/plan-world.ts';
import { WORLDS } from './testing/worlds.ts';

const { plan } = planWorld(WORLDS['four family combinations'] ?? { text: '' });
const [first, ...others] = plan.tunnels as readonly [TunnelPlan, ...TunnelPlan[]];
const [second] = others as [TunnelPlan, ...TunnelPlan[]];
const edited: HostPlan = {
  ...plan,
  tunnels: [{ ...first, livenessDelaySeconds: 33 }, ...structuredClone(others)],
};

describe('shareTunnels', () => {
  it('takes over the very objects of what is the same, and nothing else of the old plan', () => {
    const shared = shareTunnels(plan, { ...edited, revision: 'new' });
    expect(shared).toEqual({ ...edited, revision: 'new' });
    expect(shared.tunnels.map((tunnel, index) => tunnel === plan.tunnels[index])).toEqual([
      false,
      ...others.map(() => true),
    ]);
  });
});

describe('differingTunnels', () => {
  it('names what was edited', () => {
    expect(differingTunnels(plan, edited)).toEqual(new Set([first.name]));
  });

  it('names what only one of them has', () => {
    const fewer = { ...plan, tunnels: plan.tunnels.filter((tunnel) => tunnel !== second) };
    expect(differingTunnels(plan, fewer)).toEqual(new Set([second.name]));
    expect(differingTunnels(fewer, plan)).toEqual(new Set([second.name]));
  });

  it('names none of two plans that say the same', () => {
    expect(differingTunnels(plan, structuredClone(plan))).toEqual(new Set());
  });
});
