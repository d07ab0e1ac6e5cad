import { describe, expect, it } from 'vitest';
import { planWorld } from '../plan/testing/plan-world.ts';
import { WORLDS } from '../plan/testing/worlds.ts';
import type { Usability } from '../status/health-report.ts';
import { fitnessBy, fitnessOf, judgedBy, obstacleTo, passageOf } from './vrrp-fitness.ts';

const { plan } = planWorld(
  WORLDS['a tunnel that is with whoever holds its address'] ?? { text: '' },
);
const { plan: others } = planWorld(
  WORLDS['an address that one of two hosts holds'] ?? { text: '' },
);
const up: Usability = { tunnel: 'a', usable: true, degraded: false, reason: 'its SAs are up' };
const early: Usability = { ...up, tunnel: 'b', silence: 'early' };
const silent: Usability = { ...up, tunnel: 'c', degraded: true, silence: 'failed' };
const down: Usability = { ...up, tunnel: 'd', usable: false };
const lossy: Usability = { ...up, tunnel: 'e', degraded: true, reason: 'loses packets' };

describe('a host that may hold addresses', () => {
  it('is judged by the tunnels that go with one of them, and by all where none does', () => {
    const judged = ({ vrrp = [] }: typeof plan, of: typeof plan): string[][] =>
      vrrp.map((router) => judgedBy(router, of).map(({ name }) => name));
    expect(judged(plan, plan)).toEqual([['sp.default.branch.main'], ['sp.default.branch.main']]);
    expect(judged(others, others)).toEqual([['sp.default.dc.one'], ['sp.default.dc.one']]);
  });

  it('leaves packets that get lost to another one only where that has the tunnel, too', () => {
    expect(fitnessBy(others.tunnels, [down, lossy]).usability).toBe('last-resort');
    expect(fitnessBy(others.tunnels, [lossy, up]).usability).toBe('usable');
    const moving = plan.tunnels.filter(({ virtualRouter }) => virtualRouter !== undefined);
    expect(fitnessBy(moving, [silent]).usability).toBe('last-resort');
    expect(fitnessBy(moving, [lossy])).toEqual({ usability: 'usable', reason: 'e: loses packets' });
  });
});

describe('the best of several tunnels', () => {
  it.each([
    { own: [down, silent, early, lossy], passage: 'good', reason: 'e: loses packets' },
    { own: [down, silent, early], passage: 'early', reason: 'b: its SAs are up' },
    { own: [down, silent], passage: 'silent', reason: 'c: its SAs are up' },
    { own: [down], passage: 'down', reason: 'd: its SAs are up' },
    { own: [], passage: 'down', reason: 'no tunnel of it is on this host' },
  ])('counts, and is named: $passage', ({ own, passage, reason }) => {
    expect(passageOf(own)).toBe(passage);
    const stand = { standing: 'proven', isHolder: true, obstacle: undefined } as const;
    expect(fitnessOf(stand, own).reason).toBe(reason);
  });

  it('could come up while one of them could', () => {
    const engines = [{ state: 'running' }] as const;
    const [one, two] = plan.tunnels;
    const tunnels = plan.tunnels.slice(0, 2);
    const found = (...names: (string | undefined)[]): string | undefined =>
      obstacleTo(tunnels, {
        engines,
        differences: names.map((name = '') => ({ text: `no key for ${name}`, tunnel: name })),
      });
    expect(found(one?.name)).toBeUndefined();
    expect(found(one?.name, two?.name)).toBe(`no key for ${one?.name ?? ''}`);
    expect(obstacleTo(tunnels, { engines: [], differences: [] })).toMatch(/does not run/);
  });
});
