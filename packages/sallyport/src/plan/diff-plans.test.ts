import { describe, expect, it } from 'vitest';
import { twoSites, vary } from '../model/testing.ts';
import { diffPlans, formatPlanChange } from './diff-plans.ts';
import type { HostPlan } from './host-plan.ts';
import { planWorld } from './testing/plan-world.ts';
import { WORLDS } from './testing/worlds.ts';

const planOf = (text: string): HostPlan => planWorld({ text }).plan;
const plan = planOf(twoSites);
const linesOf = (before?: HostPlan, after?: HostPlan): string[] =>
  diffPlans(before, after).map(formatPlanChange);
const changed = (...changes: readonly (readonly [string, string])[]): string[] =>
  linesOf(plan, planOf(vary(twoSites, ...changes)));

const TUNNEL = 'default/partner-a tunnel main';

describe('the difference of two plans', () => {
  it('is nothing between equal ones', () => {
    for (const world of Object.values(WORLDS)) {
      const { plan: same } = planWorld(world);
      expect(linesOf(same, planWorld(world).plan)).toEqual([]);
    }
  });

  it('names the changed fact of a tunnel with both values', () => {
    expect(changed(['crypto: default', 'crypto: default\n  liveness: {delaySeconds: 30}'])).toEqual(
      [`replace ${TUNNEL}, liveness: probed after 10s of silence -> probed after 30s of silence`],
    );
  });

  it('shows what another network brings with it, and what goes', () => {
    const lines = changed(["[10.20.0.0/16, 'fd20::/48']", "[10.21.0.0/16, 'fd20::/48']"]);
    const device = String(plan.tunnels[0]?.interface);
    expect(lines).toEqual([
      expect.stringMatching(
        `^replace ${TUNNEL}, child v4: 10.10.0.0/16 <-> 10.20.0.0/16 -> 10.10.0.0/16 <-> 10.21.0.0/16$`,
      ),
      `add routes: 10.21.0.0/16 dev ${device} table 8300`,
      'add routes: unreachable 10.21.0.0/16 table 8320',
      'add leak guard: 10.21.0.0/16  only by tunnel interfaces',
      expect.stringMatching(/^add TCP MSS at most: 10\.21\.0\.0\/16 {2}\d+$/),
      `remove routes: 10.20.0.0/16 dev ${device} table 8300`,
      'remove routes: unreachable 10.20.0.0/16 table 8320',
      'remove leak guard: 10.20.0.0/16  only by tunnel interfaces',
      expect.stringMatching(/^remove TCP MSS at most: 10\.20\.0\.0\/16 {2}\d+$/),
    ]);
  });

  it('tells a fact that comes or goes from one that changes', () => {
    const lines = changed(['crypto: default', 'crypto: default\n  encapsulation: always']);
    expect(lines).toContain(`replace ${TUNNEL}, ESP in UDP: none -> always`);
  });

  it('tells that a Secret has another content, and nothing of that content', () => {
    const [tunnel] = plan.tunnels;
    if (tunnel?.auth.method !== 'psk') throw new Error('no pre-shared key');
    const secret = { ...tunnel.auth.secret, fingerprint: 'another' };
    const renewed = { ...plan, tunnels: [{ ...tunnel, auth: { ...tunnel.auth, secret } }] };
    expect(linesOf(plan, renewed)).toEqual([`replace ${TUNNEL}, content of Secret default/a-psk`]);
  });

  it('is everything for a host that comes or goes', () => {
    expect(linesOf(undefined, plan)[0]).toBe(`add ${TUNNEL}`);
    const gone = diffPlans(plan, undefined);
    expect(gone[0]).toEqual({ action: 'remove', subject: TUNNEL });
    expect(new Set(gone.map(({ action }) => action))).toEqual(new Set(['remove']));
    expect(gone).toHaveLength(linesOf(undefined, plan).length);
  });
});
