import { describe, expect, it } from 'vitest';
import { planWorld } from '../../plan/testing/plan-world.ts';
import { WORLDS } from '../../plan/testing/worlds.ts';
import type { BgpReport } from '../bgp-report.ts';
import { asToldByBgp, learnedRoutes } from './learned-networks.ts';

const world = WORLDS['BGP with a data centre and a cloud, another gateway, and nodes'];
if (world === undefined) throw new Error('the world is gone');
const { plan } = planWorld(world);
const tunnelNamed = (name: string): (typeof plan.tunnels)[number] => {
  const found = plan.tunnels.find((tunnel) => tunnel.name === name);
  if (found === undefined) throw new Error(`no tunnel ${name}`);
  return found;
};
const one = tunnelNamed('sp.default.dc.one');

const bgp: BgpReport = {
  ...{ version: '8.4.4', asn: 65_010, routerId: '10.1.0.11', sessions: [] },
  learned: {
    ...{ total: 3, installed: 3 },
    prefixes: [
      { prefix: '10.50.1.0/24', nextHops: ['10.1.0.12', '169.254.10.1'], installed: true },
      { prefix: '10.60.1.0/24', nextHops: ['10.60.255.30'], installed: true },
      { prefix: 'fd50::/48', nextHops: ['fd00:10::1'], installed: true },
    ],
  },
};

describe('asToldByBgp', () => {
  it('has what was told within what the tunnel may carry', () => {
    expect(asToldByBgp(one, plan, bgp).children).toEqual([
      { name: 'v4', localSelectors: ['10.1.0.0/16'], remoteSelectors: ['10.50.1.0/24'] },
      { name: 'v6', localSelectors: ['fd01::/48'], remoteSelectors: ['fd50::/48'] },
    ]);
  });

  it('has what may be told where nothing was', () => {
    const remote = asToldByBgp(one, plan, undefined).children.map((child) => child.remoteSelectors);
    expect(remote).toEqual([['10.50.0.0/16'], ['fd50::/48']]);
  });

  it('leaves a tunnel alone whose networks are declared', () => {
    const { learned: _, ...declared } = one;
    expect(asToldByBgp(declared, plan, bgp)).toBe(declared);
  });
});

describe('learnedRoutes', () => {
  it('leads into tunnels, or to another gateway', () => {
    const ways = learnedRoutes(plan, bgp).map(({ prefix, interface: name }) => [prefix, name]);
    expect(ways).toEqual([
      ['10.50.1.0/24', undefined],
      ['10.50.1.0/24', one.interface],
      ['10.60.1.0/24', tunnelNamed('sp.default.cloud.one').interface],
      ['fd50::/48', one.interface],
    ]);
    expect(learnedRoutes(plan, undefined)).toEqual([]);
  });
});
