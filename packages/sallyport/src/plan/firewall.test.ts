import { describe, expect, it } from 'vitest';
import { twoSites, vary } from '../model/testing.ts';
import type { FirewallPlan } from './host-plan.ts';
import { planWorld } from './testing/plan-world.ts';
import { inNamespace, type World } from './testing/worlds.ts';

function firewallOf(world: World): FirewallPlan {
  return planWorld(world).plan.firewall;
}

const ipv4Only = vary(twoSites, [", 'fd20::/48']", ']']);

const onGateway = (text: string, field: string): string =>
  vary(text, ['  networks: [10.10', `  ${field}\n  networks: [10.10`]);

const disable = (text: string): string => vary(text, ['start: initiate', 'adminState: disabled']);

/** Two tenants on one host that write the same remote network, `network` for the second. */
function twoTenants(first: string, second: string, network = '10.20.0.0/16'): World {
  return {
    text: first + vary(inNamespace('other', second), ['10.120.0.0/16', network]),
    dataPlanes: ['xfrm-interface', 'policy'],
  };
}

const byInterface = onGateway(ipv4Only, 'dataPlane: xfrm-interface');
const byPolicy = onGateway(ipv4Only, 'dataPlane: policy');

describe('the leak guard', () => {
  it('holds for a disabled tunnel as for an enabled one: its networks never go in clear', () => {
    expect(firewallOf({ text: disable(ipv4Only) }).guarded).toEqual(
      firewallOf({ text: ipv4Only }).guarded,
    );
  });

  it('is left out where the gateway does without, and the clamp stays', () => {
    const { guarded, clamps } = firewallOf({ text: onGateway(ipv4Only, 'leakGuard: false') });
    expect([guarded, clamps]).toEqual([[], [{ prefix: '10.20.0.0/16', mssBytes: 1382 }]]);
  });

  it.each([
    {
      what: 'a policy, beside a disabled interface',
      world: twoTenants(byPolicy, disable(byInterface)),
      by: 'policy',
    },
    {
      what: 'a policy, before a disabled interface',
      world: twoTenants(disable(byInterface), byPolicy),
      by: 'policy',
    },
    {
      what: 'an interface, beside a disabled policy',
      world: twoTenants(byInterface, disable(byPolicy)),
      by: 'interface',
    },
    {
      what: 'an interface and a policy, which is laxer',
      world: twoTenants(byInterface, byPolicy),
      by: 'policy',
    },
    {
      what: 'nothing, so that nothing may pass',
      world: twoTenants(disable(byPolicy), disable(byPolicy)),
      by: 'interface',
    },
  ])('tells encryption by what carries the network: $what', ({ world, by }) => {
    expect(firewallOf(world).guarded).toEqual([{ prefix: '10.20.0.0/16', by }]);
  });

  it.each([
    { what: 'inside', network: '10.20.7.0/24' },
    { what: 'around', network: '10.16.0.0/12' },
  ])('of a disabled tunnel does not shut out a policy $what its network', ({ network }) => {
    const { guarded } = firewallOf(twoTenants(disable(byInterface), byPolicy, network));
    expect(guarded.map(({ prefix, by }) => `${prefix} ${by}`).sort()).toEqual(
      [`${network} policy`, '10.20.0.0/16 policy'].sort(),
    );
  });
});

describe('the clamp', () => {
  it.each([
    ['a', 'b'],
    ['b', 'a'],
  ])('is the smallest of all tunnels in use that lead to a network: %s, %s', (four, six) => {
    const text = vary(ipv4Only, [
      '    - remote: {address: 198.51.100.20}',
      `    - {name: ${four}, remote: {address: 198.51.100.20}}\n    - {name: ${six}, remote: {address: '2001:db8:b::1'}}`,
    ]);
    expect(firewallOf({ text }).clamps).toEqual([{ prefix: '10.20.0.0/16', mssBytes: 1366 }]);
  });

  it('does not count a disabled tunnel', () => {
    expect(firewallOf({ text: disable(ipv4Only) }).clamps).toEqual([]);
    const { clamps } = firewallOf(twoTenants(ipv4Only, disable(onGateway(ipv4Only, 'mtu: 1280'))));
    expect(clamps).toEqual([{ prefix: '10.20.0.0/16', mssBytes: 1382 }]);
  });
});

describe('peers inside guarded networks', () => {
  it('are listed once, however many tunnels end there', () => {
    const text = vary(
      ipv4Only,
      ['10.20.0.0/16', '198.51.100.0/24'],
      [
        '    - remote: {address: 198.51.100.20}',
        '    - {name: a, remote: {address: 198.51.100.20, id: a.example}}\n    - {name: b, remote: {address: 198.51.100.20, id: b.example}}\n    - {name: c, remote: {address: 198.51.100.3}}',
      ],
    );
    expect(firewallOf({ text }).peers).toEqual(['198.51.100.20', '198.51.100.3']);
  });
});
