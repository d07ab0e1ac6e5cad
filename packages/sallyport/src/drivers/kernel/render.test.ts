import { describe, expect, it } from 'vitest';
import type { InterfacePlan } from '../../plan/host-plan.ts';
import { renderStep } from './render.ts';
import { renderPlace, renderRelease, renderRemove } from './render-hold.ts';
import type { KernelStep } from './state.ts';

const link: InterfacePlan = {
  kind: 'xfrm',
  name: 'sp0000002a',
  interfaceId: 42,
  mtuBytes: 1422,
  alias: 'sallyport default/a/main',
};
const vti6: InterfacePlan = {
  ...link,
  kind: 'vti',
  family: 6,
  localAddress: '2001:db8::1',
  remoteAddress: '2001:db8::2',
};
const addressed: InterfacePlan = {
  ...link,
  addresses: [
    { local: '169.254.10.2/30' },
    { local: '10.0.0.4/32', peer: '10.0.0.5' },
    { local: 'FD00:0::1/126' },
    { local: 'fd09::1/128', peer: 'fd09:0::2' },
  ],
};
const ADDRESSES = [
  'address replace 169.254.10.2/30 dev sp0000002a',
  'address replace 10.0.0.4 peer 10.0.0.5/32 dev sp0000002a',
  'address replace fd00::1/126 dev sp0000002a nodad',
  'address replace fd09::1 peer fd09::2/128 dev sp0000002a nodad',
];
const SETTINGS = [
  'link set dev sp0000002a alias "sallyport default/a/main" addrgenmode none',
  'link set dev sp0000002a up',
];

describe('renderStep', () => {
  it.each<{ step: KernelStep; lines: string[]; finish?: string[] }>([
    {
      step: { type: 'interface-add', interface: link },
      lines: ['link add name sp0000002a group 83 mtu 1422 type xfrm dev lo if_id 42'],
      finish: SETTINGS,
    },
    {
      step: { type: 'interface-add', interface: { ...link, shard: 'ike2' } },
      lines: [
        'link add name sp0000002a group 83 mtu 1422 link-netns ike2 type xfrm dev lo if_id 42',
      ],
      finish: SETTINGS,
    },
    {
      step: { type: 'interface-add', interface: vti6 },
      lines: [
        'link add name sp0000002a group 83 mtu 1422 type vti6 local 2001:db8::1 remote 2001:db8::2 key 42',
      ],
      finish: SETTINGS,
    },
    {
      step: { type: 'interface-add', interface: { ...vti6, family: 4, mtuBytes: 1000 } },
      lines: [
        'link add name sp0000002a group 83 mtu 1000 type vti local 2001:db8::1 remote 2001:db8::2 key 42',
      ],
      finish: [
        'link set dev sp0000002a alias "sallyport default/a/main"',
        'link set dev sp0000002a up',
      ],
    },
    {
      step: { type: 'interface-set', interface: link, surplus: [] },
      lines: ['link set dev sp0000002a mtu 1422'],
      finish: SETTINGS,
    },
    {
      // Not before the link is known to be ours.
      step: { type: 'interface-add', interface: addressed },
      lines: ['link add name sp0000002a group 83 mtu 1422 type xfrm dev lo if_id 42'],
      finish: [...SETTINGS, ...ADDRESSES],
    },
    {
      // Before and after: the kernel takes away what shares a subnet with an address that goes.
      step: { type: 'interface-set', interface: addressed, surplus: ['169.254.10.1/30'] },
      lines: ['link set dev sp0000002a mtu 1422'],
      finish: [
        ...SETTINGS,
        ...ADDRESSES,
        'address delete 169.254.10.1/30 dev sp0000002a',
        ...ADDRESSES,
      ],
    },
    { step: { type: 'interface-delete', name: 'sp1' }, lines: ['link delete dev sp1'] },
    {
      step: {
        type: 'route-replace',
        route: {
          prefix: '10.2.0.0/16',
          table: 8300,
          type: 'unicast',
          interface: 'sp1',
          source: '10.1.0.1',
        },
      },
      lines: ['route replace protocol 83 10.2.0.0/16 dev sp1 table 8300 src 10.1.0.1'],
    },
    {
      step: {
        type: 'route-delete',
        route: { prefix: 'fd02::/64', table: 8320, type: 'unreachable', metric: 7 },
      },
      lines: ['route delete protocol 83 unreachable fd02::/64 table 8320 metric 7'],
    },
    {
      step: { type: 'rule-add', rule: { family: 4, priority: 8300, table: 8300 } },
      lines: ['rule add protocol 83 priority 8300 from all lookup 8300'],
    },
    {
      step: { type: 'rule-delete', rule: { family: 6, priority: 8320, table: 8320 } },
      lines: ['rule delete protocol 83 priority 8320 from all lookup 8320'],
    },
    {
      step: {
        type: 'interface-add',
        interface: {
          kind: 'vxlan',
          name: 'spvx000001',
          port: 8300,
          localAddress: '10.1.0.1',
          mtuBytes: 1450,
          alias: 'sallyport nodes',
        },
      },
      lines: [
        'link add name spvx000001 group 83 mtu 1450 address 02:53:0a:01:00:01 type vxlan external dstport 8300 nolearning',
      ],
      finish: [
        'link set dev spvx000001 alias "sallyport nodes" addrgenmode none',
        'link set dev spvx000001 up',
      ],
    },
    {
      step: { type: 'neighbor-replace', key: 'fe80::83:1 dev x', ethernetAddress: '02:53:0:0:0:1' },
      lines: ['neighbor replace fe80::83:1 dev x lladdr 02:53:0:0:0:1 nud permanent protocol 83'],
    },
    {
      step: { type: 'neighbor-delete', key: 'fe80::83:1 dev x' },
      lines: ['neighbor delete fe80::83:1 dev x'],
    },
    {
      step: { type: 'nexthop-replace', id: 830000001, nexthop: 'via 10.1.0.2 dev eth0' },
      lines: ['nexthop replace id 830000001 protocol 83 via 10.1.0.2 dev eth0'],
    },
    {
      step: { type: 'nexthop-delete', id: 830000001 },
      lines: ['nexthop delete id 830000001'],
    },
    {
      step: {
        type: 'route-delete',
        route: { prefix: 'fd02::/64', table: 8300, type: 'unicast', nexthop: 830200001 },
      },
      lines: ['route delete protocol 83 fd02::/64 nhid 830200001 table 8300'],
    },
    { step: { type: 'firewall', script: 'x' }, lines: [] },
  ])('$step.type: $lines', ({ step, lines, finish = [] }) => {
    expect(renderStep(step)).toEqual({ lines, finish });
  });
});

describe('a hold', () => {
  it('passes IKE and the SPIs that stand, and holds all other ESP of that peer, in UDP or not', () => {
    const peer = { localAddress: '192.0.2.1', remoteAddress: '198.51.100.1', spis: ['c0000001'] };
    const filter = 'filter add dev wan ingress protocol ip pref 8300 u32';
    const esp = 'match ip protocol 50 0xff match ip src 198.51.100.1/32';
    const udp = 'match ip protocol 17 0xff match ip src 198.51.100.1/32 match ip dport 4500 0xffff';
    expect(renderPlace(8300, 'wan', peer)).toEqual({
      ip: [
        'link add name sph8300 group 83 type ifb',
        'link set dev sph8300 alias "sallyport hold wan" up',
      ],
      queue: ['qdisc add dev sph8300 root netem delay 100ms rate 1tbit limit 100000'],
      tc: [
        `${filter} ${esp} match u32 0xc0000001 0xffffffff at 20 action pass`,
        `${filter} ${udp} match u32 0xc0000001 0xffffffff at 28 action pass`,
        `${filter} ${esp} action mirred egress redirect dev sph8300`,
        `${filter} ${udp} match u32 0 0xffffffff at 28 action pass`,
        `${filter} ${udp} action mirred egress redirect dev sph8300`,
      ],
    });
  });

  it('looks behind the longer header of IPv6', () => {
    const peer = { localAddress: '2001:db8::1', remoteAddress: '2001:db8::2', spis: ['1'] };
    const { tc } = renderPlace(8301, 'wan', peer);
    expect(tc[0]).toContain('protocol ipv6 pref 8301 u32 match ip6 protocol 50 0xff');
    expect(tc[0]).toContain('match u32 0x1 0xffffffff at 40');
    expect(tc[1]).toContain('match u32 0x1 0xffffffff at 48');
  });

  it('is released by letting nothing new wait, and removed with what it hung on', () => {
    expect(renderRelease(8300)).toEqual([
      'qdisc change dev sph8300 root netem delay 0ms rate 1tbit limit 100000',
    ]);
    expect(renderRemove(8300, 'wan')).toEqual({
      tc: ['filter delete dev wan ingress pref 8300'],
      ip: ['link delete dev sph8300'],
    });
    expect(renderRemove(8300, undefined).tc).toEqual([]);
  });
});
