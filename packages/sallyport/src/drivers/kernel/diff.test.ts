import { describe, expect, it } from 'vitest';
import type { InsideAddressPlan, RoutePlan } from '../../plan/host-plan.ts';
import { withoutGateways } from '../../plan/node-plan.ts';
import { formatChange } from '../driver.ts';
import { diffKernel } from './diff.ts';
import {
  type KernelDesired,
  NOTHING_DESIRED,
  type ObservedInterface,
  type ObservedKernel,
} from './state.ts';
import { desiredOf, interfaces } from './testing/desired.ts';
import { EMPTY_KERNEL, reached } from './testing/model-kernel.ts';
import { encapsulatedNode, plainNode, SUBNETS } from './testing/nodes.ts';

const LINK = 'sp0a78d801';

function lines(observed: ObservedKernel, desired: KernelDesired): string[] {
  return diffKernel(observed, desired).map((change) =>
    change.impact === 'nothing'
      ? formatChange(change)
      : `${formatChange(change)} [${change.impact}]`,
  );
}

describe('diffKernel', () => {
  it('guards before it lets through: sysctls, links, firewall, routes, rules', () => {
    expect(lines(EMPTY_KERNEL, interfaces)).toEqual([
      'replace sysctl net/ipv4/ip_forward = 1 (was 0)',
      'replace sysctl net/ipv6/conf/all/forwarding = 1 (was 0)',
      `add interface ${LINK} type xfrm id 175691777 mtu 1422`,
      `replace sysctl net/ipv4/conf/${LINK}/rp_filter = 2`,
      'add nftables table inet sallyport',
      `add route 10.20.0.0/16 dev ${LINK} table 8300`,
      `add route fd20::/48 dev ${LINK} table 8300`,
      'add route unreachable 10.20.0.0/16 table 8320',
      'add route unreachable fd20::/48 table 8320',
      'add rule IPv4 priority 8300 from all lookup 8300',
      'add rule IPv4 priority 8320 from all lookup 8320',
      'add rule IPv6 priority 8300 from all lookup 8300',
      'add rule IPv6 priority 8320 from all lookup 8320',
    ]);
  });

  describe('of shards', () => {
    const shards = desiredOf('two shards beside the host');
    const interfaceLines = (observed: ObservedKernel): string[] =>
      lines(observed, shards).filter((line) => line.includes('interface'));
    const inShard = shards.interfaces.filter(
      (link) => link.kind === 'xfrm' && link.shard === 'ike3',
    );

    it('says where an interface looks for its SAs', () => {
      expect(
        interfaceLines(EMPTY_KERNEL).filter((line) => line.endsWith('of shard ike3')),
      ).toHaveLength(1);
      expect(lines(reached(shards), shards)).toEqual([]);
    });

    it('makes an interface anew that looks in another namespace', () => {
      const kernel = reached(shards);
      const moved = kernel.interfaces.map((link) =>
        link.shards?.includes('ike3') === true ? { ...link, shards: [] } : link,
      );
      expect(
        interfaceLines({ ...kernel, interfaces: moved }).map((line) => line.split(' ')[0]),
      ).toEqual(['remove', 'add']);
    });

    it('makes none, and leads nothing there, while the namespace is not there', () => {
      const without = { ...EMPTY_KERNEL, networkNamespaces: new Set(['ike2']) };
      const [refused] = inShard;
      const told = lines(without, shards);
      expect(told.filter((line) => line.includes('is not there'))).toEqual([
        expect.stringContaining('(network namespace ike3 is not there)'),
      ]);
      expect(told.filter((line) => line.includes(`dev ${refused?.name ?? ''}`))).toEqual([]);
      expect(told).toContain('add route unreachable 10.30.0.0/16 table 8320');
    });

    it('leaves an interface as it is whose namespace has several names', () => {
      const kernel = reached(shards);
      const interfaces = kernel.interfaces.map((link) =>
        link.shards?.includes('ike3') === true ? { ...link, shards: ['alias', 'ike3'] } : link,
      );
      expect(lines({ ...kernel, interfaces }, shards)).toEqual([]);
    });

    it('leaves an interface whose namespace has lost its name as it is', () => {
      const kernel = reached(shards);
      const interfaces = kernel.interfaces.map((link) =>
        link.shards?.includes('ike3') === true ? { ...link, shards: [] } : link,
      );
      const unnamed = { ...kernel, interfaces, networkNamespaces: new Set(['ike2']) };
      expect(lines(unnamed, shards)).toEqual([]);
    });
  });

  it('removes the guard last', () => {
    const all = lines(reached(interfaces), NOTHING_DESIRED);
    expect(all.at(-1)).toBe('remove nftables table inet sallyport');
    expect(all).toContain(`remove interface ${LINK} of sallyport default/partner-a/main [cut]`);
    expect(all).toContain('remove rule IPv4 priority 8300 from all lookup 8300 [cut]');
    expect(all).toContain('remove rule IPv4 priority 8320 from all lookup 8320');
  });

  it.each<{ what: string; bend: (kernel: ObservedKernel) => ObservedKernel; expected: string[] }>([
    {
      what: 'an MTU',
      bend: (kernel) => ({
        ...kernel,
        interfaces: kernel.interfaces.map((link) => ({ ...link, mtuBytes: 1500, isUp: false })),
      }),
      expected: [
        `replace interface ${LINK} type xfrm id 175691777 mtu 1422 (mtu was 1500, was down)`,
      ],
    },
    {
      what: 'an alias that is missing yet',
      bend: (kernel) => ({
        ...kernel,
        interfaces: kernel.interfaces.map((link) => ({ ...link, alias: '' })),
      }),
      expected: [`replace interface ${LINK} type xfrm id 175691777 mtu 1422 (alias was "")`],
    },
    {
      what: 'a route into another link',
      bend: (kernel) => ({
        ...kernel,
        routes: kernel.routes.map((route) =>
          route.prefix === '10.20.0.0/16' && route.table === 8300
            ? { ...route, interface: 'eth0' }
            : route,
        ),
      }),
      expected: [
        `replace route 10.20.0.0/16 dev ${LINK} table 8300 (was 10.20.0.0/16 dev eth0 table 8300)`,
      ],
    },
    {
      what: 'a better route beside ours',
      bend: (kernel) => ({
        ...kernel,
        routes: [
          ...kernel.routes,
          { prefix: '10.20.0.0/16', table: 8300, type: 'unicast', interface: 'eth0', metric: 1 },
        ],
      }),
      expected: ['remove route 10.20.0.0/16 dev eth0 table 8300 metric 1 [cut]'],
    },
    {
      what: 'a rule twice',
      bend: (kernel) => ({ ...kernel, rules: kernel.rules.concat(kernel.rules.slice(0, 1)) }),
      expected: ['remove rule IPv4 priority 8300 from all lookup 8300'],
    },
    {
      what: 'a firewall of another text',
      bend: (kernel) => ({ ...kernel, firewall: 'chain sent' }),
      expected: ['replace nftables table inet sallyport'],
    },
    {
      what: 'a sysctl',
      bend: (kernel) => ({
        ...kernel,
        sysctls: new Map([...kernel.sysctls, ['net/ipv4/ip_forward', '0']]),
      }),
      expected: ['replace sysctl net/ipv4/ip_forward = 1 (was 0)'],
    },
  ])('straightens $what that was bent', ({ bend, expected }) => {
    expect(lines(bend(reached(interfaces)), interfaces)).toEqual(expected);
  });

  describe('of addresses inside', () => {
    const withAddresses = (...addresses: InsideAddressPlan[]): KernelDesired => ({
      ...interfaces,
      interfaces: interfaces.interfaces.map((link) => ({ ...link, addresses })),
    });
    const wanted = withAddresses({ local: '169.254.10.2/30' }, { local: 'FD00:0::1/126' });
    const subject = `interface ${LINK} type xfrm id 175691777 mtu 1422 address 169.254.10.2/30 address fd00::1/126`;

    it('names them with their interface, and finds them again in any spelling', () => {
      expect(lines(EMPTY_KERNEL, wanted)).toContain(`add ${subject}`);
      expect(lines(reached(wanted), wanted)).toEqual([]);
    });

    it('puts back what is missing and takes away what is too much, without another link', () => {
      const bent = withAddresses({ local: 'fd00::1/126' }, { local: '169.254.10.2/29' });
      expect(lines(reached(bent), wanted)).toEqual([
        `replace ${subject} (169.254.10.2/30 was missing, had 169.254.10.2/29)`,
      ]);
      expect(lines(reached(wanted, reached(bent)), wanted)).toEqual([]);
    });

    it('tells a peer that is in no subnet of ours from another one', () => {
      const local = '10.0.0.4/32';
      const peer = withAddresses({ local, peer: '10.0.0.5' });
      expect(lines(reached(peer), peer)).toEqual([]);
      expect(lines(reached(peer), withAddresses({ local, peer: '10.0.0.6' }))).toHaveLength(1);
      expect(lines(reached(peer), withAddresses({ local }))).toHaveLength(1);
    });

    it('leaves the one that the kernel itself makes when IPv6 comes back to a link', () => {
      const kernel = reached(interfaces);
      const links = kernel.interfaces.map((link) => ({ ...link, addresses: ['fe80::1/64'] }));
      expect(lines({ ...kernel, interfaces: links }, interfaces)).toEqual([]);
    });

    it('leaves none where none is wanted', () => {
      expect(lines(reached(wanted), interfaces)).toEqual([
        expect.stringContaining('(had 169.254.10.2/30, had fd00::1/126)'),
      ]);
    });
  });

  it('keeps a rule for what our zebra has learned like the others, and its routes are not ours to see', () => {
    const rule = { family: 4, priority: 8305, table: 8305 } as const;
    const learned = { ...interfaces, rules: [...interfaces.rules, rule] };
    const text = 'rule IPv4 priority 8305 from all lookup 8305';
    expect(lines(reached(interfaces), learned)).toEqual([`add ${text}`]);
    expect(lines(reached(learned), learned)).toEqual([]);
    expect(lines(reached(learned), interfaces)).toEqual([`remove ${text} [cut]`]);
  });

  it('makes a link anew whose id is another, with its routes and sysctls', () => {
    const kernel = reached(interfaces);
    const bent = {
      ...kernel,
      interfaces: kernel.interfaces.map((link) => ({ ...link, interfaceId: 9 })),
    };
    expect(lines(bent, interfaces)).toEqual([
      `remove interface ${LINK} of sallyport default/partner-a/main (of another shape) [cut]`,
      `add interface ${LINK} type xfrm id 175691777 mtu 1422`,
      `replace sysctl net/ipv4/conf/${LINK}/rp_filter = 2`,
      `add route 10.20.0.0/16 dev ${LINK} table 8300`,
      `add route fd20::/48 dev ${LINK} table 8300`,
    ]);
    expect(diffKernel(reached(interfaces, bent), interfaces)).toEqual([]);
  });

  it('sends nothing into a foreign link of our name, and says so', () => {
    const observed = { ...EMPTY_KERNEL, foreignInterfaces: new Set([LINK]) };
    const all = lines(observed, interfaces);
    const reason = `an interface ${LINK} that is not Sallyport's is in the way`;
    expect(all).toContain(`add interface ${LINK} type xfrm id 175691777 mtu 1422 (${reason})`);
    expect(all.filter((line) => line.includes(`dev ${LINK}`))).toEqual([]);
    expect(all.filter((line) => line.includes(`conf/${LINK}/`))).toEqual([]);
    // The guard stands all the same, and does not trust that link.
    expect(all).toContain('add route unreachable 10.20.0.0/16 table 8320');
  });

  it('knows a prefix and a source address in any spelling', () => {
    const route: RoutePlan = { prefix: 'fd20::/48', table: 8300, type: 'unicast', interface: LINK };
    const withRoute = (change: Partial<RoutePlan>): KernelDesired => ({
      ...interfaces,
      routes: [{ ...route, ...change }],
    });
    const kernel = reached(withRoute({ source: 'fd10::1' }));
    const spelled = { prefix: 'FD20:0:0:0::/48', source: 'FD10:0::1' };
    expect(diffKernel(kernel, withRoute(spelled))).toEqual([]);
    expect(lines(kernel, withRoute({ source: 'fd10::2' }))).toHaveLength(1);
  });

  it('tells what the loss of a rule means to each family by itself', () => {
    const rules = interfaces.rules.filter(({ family }) => family === 4);
    expect(lines(reached(interfaces), { ...interfaces, rules })).toEqual([
      'remove rule IPv6 priority 8300 from all lookup 8300 [cut]',
      'remove rule IPv6 priority 8320 from all lookup 8320',
    ]);
  });
});

describe('of ESP in user space', () => {
  const desired = desiredOf('BGP in user space, where all tunnels share a device');
  const withDevice = (...addresses: string[]): ObservedKernel => ({
    ...EMPTY_KERNEL,
    engineDevice: { index: '17', isUp: true, addresses: ['fe80::17/64', ...addresses] },
  });

  it('waits for the device that charon makes', () => {
    const all = lines(EMPTY_KERNEL, desired);
    expect(all.filter((line) => line.includes('ipsec0'))).toEqual([]);
    expect(all).toContain('add route unreachable 10.50.0.0/16 table 8320');
    expect(lines(reached(desired), desired)).toEqual([]);
  });

  it('gives it addresses, and leads to the other ends by it', () => {
    expect(lines(withDevice(), desired).filter((line) => line.includes('ipsec0'))).toEqual([
      'replace interface ipsec0 address 10.1.255.1 peer 10.60.255.30/32 address 169.254.10.2/30 address fd00:10::2/126 (10.1.255.1 peer 10.60.255.30/32 was missing, 169.254.10.2/30 was missing, fd00:10::2/126 was missing)',
      'replace sysctl net/ipv4/conf/ipsec0/rp_filter = 2',
      'add route 10.60.255.30/32 dev ipsec0 table 8300 src 10.1.255.1',
      'add route 169.254.10.1/32 dev ipsec0 table 8300 src 169.254.10.2',
      'add route fd00:10::1/128 dev ipsec0 table 8300 src fd00:10::2',
    ]);
    const kernel = reached(desired, withDevice());
    expect(lines(kernel, desired)).toEqual([]);
    const { engineDevice = { index: '', addresses: [] } } = kernel;
    expect(lines({ ...kernel, engineDevice: { ...engineDevice, isUp: false } }, desired)).toEqual([
      expect.stringMatching(/^replace interface ipsec0 .* \(was down\)$/),
    ]);
  });

  it('takes away those of a plan before, and touches no device while charon does no ESP', () => {
    const observed = reached(desired, withDevice('169.254.99.2/30'));
    const { addresses: _, ...engine } = desired.engine;
    expect(lines(observed, { ...desired, engine })).toEqual([
      'replace interface ipsec0 (had 10.1.255.1 peer 10.60.255.30/32, had 169.254.10.2/30, had fd00:10::2/126)',
    ]);
    expect(lines(withDevice('192.0.2.7/24'), NOTHING_DESIRED)).toEqual([]);
  });
});

describe('of a node', () => {
  const LAN = EMPTY_KERNEL;
  const words = (observed: ObservedKernel, desired: KernelDesired): string[] =>
    lines(observed, desired).map((line) =>
      line.split(' ', line.includes(' group ') ? 4 : 2).join(' '),
    );

  it('makes hops before groups, groups before routes, and removes them the other way round', () => {
    const kernel = reached(plainNode, LAN);
    const there = words(LAN, plainNode).map((line) => line.replaceAll(/ \d+/g, ''));
    expect(there).toEqual([
      ...Array.from({ length: 4 }, () => 'add nexthop'),
      ...Array.from({ length: 2 }, () => 'add nexthop group'),
      ...Array.from({ length: 6 }, () => 'add route'),
      ...Array.from({ length: 4 }, () => 'add rule'),
    ]);
    expect(lines(kernel, plainNode)).toEqual([]);
    expect(words(kernel, NOTHING_DESIRED).map((line) => line.replaceAll(/ \d+/g, ''))).toEqual(
      there.map((line) => line.replace('add', 'remove')).toReversed(),
    );
  });

  it('changes one group of each family where flows move, and no route', () => {
    const kernel = reached(plainNode, LAN);
    const node = withoutGateways(plainNode.node, ['10.1.0.3', 'FD01::3']);
    const changed = lines(kernel, { ...plainNode, node });
    expect(changed).toHaveLength(2);
    expect(changed[0]).toMatch(/^replace nexthop 8302\d+ group \d+,2 type .*\(was group /);
    expect(changed[1]).toMatch(/^replace nexthop 8303\d+ group \d+,2 type .*\(was group /);
  });

  it('makes anew what went with an interface: neighbours, hops, groups, and routes by them', () => {
    const kernel = reached(encapsulatedNode, LAN);
    const interfaces = kernel.interfaces.map((link) => ({ ...link, port: 4789 }));
    const bent = { ...kernel, interfaces };
    expect(words(bent, encapsulatedNode).map((line) => line.split(' ', 2).join(' '))).toEqual([
      'remove interface',
      'add interface',
      ...Array.from({ length: 4 }, () => 'add neighbor'),
      ...Array.from({ length: 6 }, () => 'add nexthop'),
      ...Array.from({ length: 3 }, () => 'add route'),
    ]);
    expect(lines(reached(encapsulatedNode, bent), encapsulatedNode)).toEqual([]);
  });

  it('goes from plain next hops to VXLAN and back in one round each', () => {
    const there = reached(encapsulatedNode, reached(plainNode, LAN));
    expect(lines(there, encapsulatedNode)).toEqual([]);
    expect(lines(reached(plainNode, there), plainNode)).toEqual([]);
  });

  it('goes over to plain groups where the kernel has refused the others', () => {
    const old = { ...reached(plainNode, LAN), hasResilientGroups: false };
    expect(lines(reached(plainNode, old), plainNode)).toEqual([]);
  });

  it('leads nothing into a device of somebody else’s in the place of ours', () => {
    const observed = { ...LAN, foreignInterfaces: new Set(['spvx000001']) };
    expect(lines(observed, encapsulatedNode).filter((line) => line.includes('spvx'))).toEqual([
      expect.stringContaining("that is not Sallyport's is in the way"),
    ]);
    expect(lines(observed, encapsulatedNode)).toContain(
      'add route unreachable 10.20.0.0/16 table 8320',
    );
  });

  it('says which host it does not reach', () => {
    expect(lines({ ...EMPTY_KERNEL, subnets: SUBNETS.slice(0, 1) }, plainNode)).toContain(
      'add nexthop via fd01::2 (no interface reaches fd01::2 directly)',
    );
  });

  it('adds no rule that the plan has already', () => {
    const rules = [{ family: 4, priority: 8300, table: 8300 }] as const;
    const both = { ...plainNode, rules };
    expect(lines(LAN, both).filter((line) => line.includes('IPv4 priority 8300'))).toHaveLength(1);
  });

  it('trusts the device that its routes lead to, once', () => {
    const firewall = { ...interfaces.firewall };
    const script = diffKernel(LAN, { ...encapsulatedNode, firewall }).find(
      ({ step }) => step.type === 'firewall',
    )?.step;
    expect(script).toHaveProperty('script', expect.stringContaining('elements = { "spvx000001" }'));
  });
});

describe('a link that the kernel cannot change', () => {
  const desired = desiredOf('VTI, pinned');
  const text = (link: string): string => `${link} type vti id 175691777 mtu 1422`;

  it.each<{ what: string; bend: Partial<ObservedInterface> }>([
    { what: 'another kind', bend: { kind: 'vti6' } },
    { what: 'another id', bend: { interfaceId: 1 } },
    { what: 'another local address', bend: { localAddress: '192.0.2.99' } },
    { what: 'another remote address', bend: { remoteAddress: '198.51.100.99' } },
  ])('is made anew for $what', ({ bend }) => {
    const kernel = reached(desired);
    const interfaces = kernel.interfaces.map((link) => ({ ...link, ...bend }));
    expect(lines({ ...kernel, interfaces }, desired).slice(0, 2)).toEqual([
      `remove interface ${LINK} of sallyport default/partner-a/main (of another shape) [cut]`,
      `add interface ${text(LINK)}`,
    ]);
  });

  it('is made anew where it does not tell its addresses', () => {
    const kernel = reached(desired);
    const interfaces = kernel.interfaces.map(
      ({ localAddress: _local, remoteAddress: _remote, ...link }) => link,
    );
    expect(lines({ ...kernel, interfaces }, desired)).toContain(`add interface ${text(LINK)}`);
  });

  it('is removed without a word on its owner where the work was cut short before it had one', () => {
    const kernel = reached(desired);
    const interfaces = kernel.interfaces.map((link) => ({ ...link, alias: '' }));
    expect(lines({ ...kernel, interfaces }, NOTHING_DESIRED)).toContain(
      `remove interface ${LINK} [cut]`,
    );
  });
});

describe('worlds of other data planes', () => {
  it.each([
    'VTI, pinned',
    'policies, the best this kernel has',
    'user space, where the kernel has no ESP',
  ])('%s: one round is enough', (world) => {
    const desired = desiredOf(world);
    expect(diffKernel(reached(desired), desired)).toEqual([]);
  });
});
