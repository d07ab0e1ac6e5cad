import { describe, expect, it } from 'vitest';
import { twoSites, vary } from '../model/testing.ts';
import { planWorld } from './testing/plan-world.ts';
import { WORLDS } from './testing/worlds.ts';
import { type Withdrawn, withoutTunnels } from './withdraw.ts';

const { plan } = planWorld({
  text: vary(twoSites, [
    '- remote: {address: 198.51.100.20}',
    '- {name: a, remote: {address: 198.51.100.20}}\n    - {name: b, priority: 5, remote: {address: 198.51.100.21}}',
  ]),
});
const interfaceOf = (tunnel: string): string | undefined =>
  plan.tunnels.find(({ name }) => name.endsWith(`.${tunnel}`))?.interface;
const ways = (of: typeof plan): (string | undefined)[] =>
  of.routes.filter(({ table }) => table === 8300).map((route) => route.interface);

const withdrawn = (...failed: string[]): Withdrawn => ({
  down: new Set(),
  failed: new Set(failed),
});

describe('withoutTunnels', () => {
  it('leaves a plan alone of which nothing is out', () => {
    expect(withoutTunnels(plan, withdrawn())).toBe(plan);
  });

  it('sends packets by the next tunnel, and back by another revision', () => {
    expect(ways(plan)).toEqual([interfaceOf('b'), interfaceOf('b')]);
    const out = withoutTunnels(plan, withdrawn('sp.default.partner-a.b'));
    expect(ways(out)).toEqual([interfaceOf('a'), interfaceOf('a')]);
    expect(out.revision).not.toBe(plan.revision);
  });

  it('keeps the best way where none is left', () => {
    const all = withdrawn(...plan.tunnels.map(({ name }) => name));
    // The very plan: what somebody else has changed of it stays that, too.
    expect(withoutTunnels(plan, all)).toBe(plan);
  });

  it('lets BGP rest inside a tunnel that is out', () => {
    const world = WORLDS['BGP with a data centre and a cloud, another gateway, and nodes'];
    if (world === undefined) throw new Error('the world is gone');
    const speaking = planWorld(world).plan;
    const out = withoutTunnels(speaking, withdrawn('sp.default.dc.one'));
    expect(
      out.bgp?.neighbors.filter(({ shutdown }) => shutdown).map(({ address }) => address),
    ).toEqual(['169.254.10.1', 'fd00:10::1']);
  });

  it('lets BGP find out by itself that a tunnel is down', () => {
    const world = WORLDS['BGP with a data centre and a cloud, another gateway, and nodes'];
    const speaking = planWorld(world ?? { text: '' }).plan;
    const down = new Set(['sp.default.dc.one']);
    expect(withoutTunnels(speaking, { down, failed: new Set() })).toBe(speaking);
  });
});
