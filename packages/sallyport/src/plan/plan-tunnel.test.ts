import { describe, expect, it } from 'vitest';
import { NO_FACTS } from '../model/facts.ts';
import {
  certificateFacts,
  certificatePartner,
  judge,
  leaf,
  secondHost,
  secretFacts,
  twoSites,
  vary,
} from '../model/testing.ts';
import type { TunnelPlan } from './host-plan.ts';
import { planHost } from './plan-host.ts';
import { HOST, planWorld } from './testing/plan-world.ts';
import type { World } from './testing/worlds.ts';

function tunnelOf(world: World, connection = 'partner-a', underlayMtuBytes?: number): TunnelPlan {
  const { tunnels } = planWorld(world, underlayMtuBytes).plan;
  const tunnel = tunnels.find((candidate) => candidate.connection === connection);
  if (tunnel === undefined) throw new Error(`no tunnel of ${connection}`);
  return tunnel;
}

const ends = (yaml: string, text = twoSites): string =>
  vary(text, ['    - remote: {address: 198.51.100.20}', `    - ${yaml}`]);

const respond = (text: string): string => vary(text, ['start: initiate', 'start: respond']);

const hostHas = (addresses: string, text = twoSites): string =>
  vary(text, ["[192.0.2.10, '2001:db8:1::10']", addresses]);

/** Certificates without any facts of them, as in a plan made away from the host. */
const withCertificate = twoSites + certificatePartner;

describe('outer addresses', () => {
  it.each([
    { yaml: 'remote: {address: 198.51.100.20}', local: '192.0.2.10' },
    { yaml: "remote: {address: '2001:db8:b::1'}", local: '2001:db8:1::10' },
    { yaml: 'remote: {address: gw.example}', local: undefined },
    {
      yaml: "{local: {address: '2001:DB8:1:0::10'}, remote: {address: gw.example}}",
      local: '2001:db8:1::10',
    },
  ])('begin at the first of ours in the family of the peer: $yaml', ({ yaml, local }) => {
    expect(tunnelOf({ text: ends(yaml) }).localAddress).toBe(local);
  });

  it('take the order of the host as its preference', () => {
    const text = hostHas('[192.0.2.12, 192.0.2.10]');
    expect(tunnelOf({ text }).localAddress).toBe('192.0.2.12');
  });
});

describe('identities', () => {
  it.each([
    { what: 'addresses', text: twoSites, ids: ['192.0.2.10', '198.51.100.20'] },
    {
      what: 'the name of a peer known by name, and our preferred address',
      text: ends('remote: {address: gw.example}'),
      ids: ['192.0.2.10', 'gw.example'],
    },
    {
      what: 'anything, for a peer of which nothing is said',
      text: respond(ends('{}')),
      ids: ['192.0.2.10', '%any'],
    },
    {
      what: 'as declared',
      text: ends('{local: {id: our.example}, remote: {address: 198.51.100.20, id: their.example}}'),
      ids: ['our.example', 'their.example'],
    },
  ])('are $what', ({ text, ids }) => {
    const { localId, remoteId } = tunnelOf({ text });
    expect([localId, remoteId]).toEqual(ids);
  });

  it('with a certificate are its subject, and our address as long as nobody has read it', () => {
    const text = vary(withCertificate, ['local: {id: gw.example}', 'local: {}']);
    const { secrets } = certificateFacts();
    expect(tunnelOf({ text, secrets }, 'partner-b').localId).toBe(leaf.subject);
    expect(tunnelOf({ text }, 'partner-b').localId).toBe('2001:db8:1::10');
  });
});

describe('secrets', () => {
  it('go into a plan as names with the fingerprint of their content, or a word for none', () => {
    const use = { namespace: 'default', name: 'a-psk' };
    expect(tunnelOf({ text: twoSites }).auth).toEqual({
      method: 'psk',
      secret: { ...use, fingerprint: 'unread' },
    });
    const secrets = [secretFacts('a-psk', 'psk', [])];
    expect(tunnelOf({ text: twoSites, secrets }).auth.secret.fingerprint).toBe('11');
  });
});

describe('the MTU', () => {
  const dynamic = respond(ends('remote: {id: branch.example}'));
  const named = ends('remote: {address: gw.example}');

  it.each([
    { what: 'IPv4', text: twoSites, bytes: 1422 },
    { what: 'IPv6', text: ends("remote: {address: '2001:db8:b::1'}"), bytes: 1406 },
    { what: 'a name, from a host of both families', text: named, bytes: 1406 },
    {
      what: 'a name, from a host of IPv4 alone',
      text: hostHas('[192.0.2.10]', named),
      bytes: 1422,
    },
    {
      what: 'a name, from a chosen address',
      text: ends('{local: {address: 192.0.2.10}, remote: {address: gw.example}}'),
      bytes: 1422,
    },
    { what: 'any peer, to a host of both families', text: dynamic, bytes: 1406 },
    {
      what: 'any peer, to a host of IPv4 alone',
      text: hostHas('[192.0.2.10]', dynamic),
      bytes: 1422,
    },
    {
      what: 'any peer, to a host of IPv6 alone',
      text: hostHas("['2001:db8:1::10']", dynamic),
      bytes: 1406,
    },
  ])('counts the outer header of $what', ({ text, bytes }) => {
    expect(tunnelOf({ text }).mtuBytes).toBe(bytes);
  });

  it.each([
    { what: 'of jumbo frames grows', planes: ['xfrm-interface'], underlay: 9000, bytes: 8926 },
    {
      what: 'in user space stops where the TUN device does',
      planes: ['userspace'],
      underlay: 9000,
      bytes: 1400,
    },
    {
      what: 'in user space shrinks with the underlay',
      planes: ['userspace'],
      underlay: 1400,
      bytes: 1326,
    },
  ] as const)('$what', ({ planes, underlay, bytes }) => {
    const world = { text: twoSites, dataPlanes: planes };
    expect(tunnelOf(world, 'partner-a', underlay).mtuBytes).toBe(bytes);
  });

  it('comes from the declared underlay where the host has not reported, else from Ethernet', () => {
    const declared = vary(twoSites, [
      "addresses: [192.0.2.10, '2001:db8:1::10']",
      'addresses: [192.0.2.10]\n  capabilities: {underlayMtuBytes: 1480}',
    ]);
    const away = (text: string): number | undefined =>
      planHost(judge(text).objects, HOST, NO_FACTS).plan.tunnels[0]?.mtuBytes;
    expect(away(declared)).toBe(1406);
    expect(away(twoSites)).toBe(1422);
  });
});

describe('the daemon', () => {
  it.each([
    { what: 'in use', text: twoSites, userspace: true },
    {
      what: 'disabled',
      text: vary(twoSites, ['start: initiate', 'adminState: disabled']),
      userspace: false,
    },
  ])('does ESP in user space for a tunnel there that is $what: $userspace', (row) => {
    const { plan } = planWorld({ text: row.text, dataPlanes: ['userspace'] });
    expect(plan.engine).toEqual({ name: 'strongswan', userspace: row.userspace });
    expect(plan.tunnels.map(({ interface: name }) => name)).toEqual(['ipsec0']);
    expect(plan.interfaces).toEqual([]);
  });
});

describe('a host', () => {
  it('carries what names it, and else what is placed on it alone', () => {
    const text =
      vary(
        twoSites,
        ['hosts: [gw1]', 'hosts: [gw2, gw1]'],
        [
          '    - remote: {address: 198.51.100.20}',
          '    - {name: one, host: gw1, remote: {address: 198.51.100.20}}\n    - {name: two, host: gw2, remote: {address: 198.51.100.20}}',
        ],
      ) + secondHost;
    const { objects, problems } = judge(text);
    expect(problems).toEqual([]);
    const carried = (host: string): string[] =>
      planHost(objects, host, NO_FACTS).plan.tunnels.map(({ tunnel }) => tunnel);
    expect([carried('gw1'), carried('gw2'), carried('gw3')]).toEqual([['one'], ['two'], []]);
  });

  it.each([
    { what: 'a crypto policy', change: ['crypto: default', 'crypto: missing'] },
    { what: 'a way to authenticate', change: ['auth: {psk: {secret: a-psk}}', 'auth: {}'] },
    { what: 'a gateway', change: ['gateway: edge', 'gateway: missing'] },
  ] as const)('carries no tunnel without $what, which validation has refused', ({ change }) => {
    const { plan, problems } = planWorld({ text: vary(twoSites, change) });
    expect(plan.tunnels).toEqual([]);
    expect(problems.map(({ severity }) => severity)).toContain('error');
  });
});
