import { describe, expect, it } from 'vitest';
import { secondHost, thirdPartner, twoSites, vary } from '../model/testing.ts';
import { formatRoute } from './describe.ts';
import { planWorld } from './testing/plan-world.ts';
import { inNamespace, type World } from './testing/worlds.ts';

function routesOf(world: World): string[] {
  return planWorld(world).plan.routes.map(formatRoute);
}

const ipv4Only = vary(twoSites, [", 'fd20::/48']", ']']);
const IFACE = 'sp0a78d801';

describe('routes', () => {
  it('lead into the tunnel, and behind it nowhere', () => {
    expect(routesOf({ text: ipv4Only })).toEqual([
      `10.20.0.0/16 dev ${IFACE} table 8300`,
      'unreachable 10.20.0.0/16 table 8320',
    ]);
  });

  it('are sorted by table, then as numbers', () => {
    const text = vary(ipv4Only, ['[10.20.0.0/16]', '[10.100.0.0/16, 10.20.0.0/16]']);
    expect(routesOf({ text }).map((line) => line.replace(/dev \S+ /, ''))).toEqual([
      '10.20.0.0/16 table 8300',
      '10.100.0.0/16 table 8300',
      'unreachable 10.20.0.0/16 table 8320',
      'unreachable 10.100.0.0/16 table 8320',
    ]);
  });

  it('of two tunnels to one network take the first by name, and the other stands by', () => {
    const text = vary(ipv4Only, [
      '    - remote: {address: 198.51.100.20}',
      '    - {name: b, remote: {address: 198.51.100.21}}\n    - {name: a, remote: {address: 198.51.100.20}}',
    ]);
    const { plan } = planWorld({ text });
    const [first, second] = ['a', 'b'].map(
      (name) => plan.tunnels.find(({ tunnel }) => tunnel === name)?.interface,
    );
    expect(plan.routes.filter(({ type }) => type === 'unicast')).toEqual([
      {
        ...{ prefix: '10.20.0.0/16', table: 8300, type: 'unicast', interface: first },
        standby: [{ interface: second }],
      },
    ]);
  });

  it('of a disabled connection go to the enabled one that has the same network', () => {
    const text =
      vary(ipv4Only, ['start: initiate', 'adminState: disabled']) +
      vary(thirdPartner, ['10.40.0.0/16', '10.20.0.0/16']);
    const { plan, problems } = planWorld({ text });
    const carrier = plan.tunnels.find(({ connection }) => connection === 'partner-c')?.interface;
    expect(problems).toEqual([]);
    expect(plan.routes.map(formatRoute)).toEqual([
      `10.20.0.0/16 dev ${String(carrier)} table 8300`,
      'unreachable 10.20.0.0/16 table 8320',
    ]);
  });
});

describe('a peer inside its own remote network', () => {
  it.each([
    { address: '198.51.100.20', network: '198.51.100.0/24', excepted: '198.51.100.20/32' },
    { address: "'2001:db8:b::1'", network: "'2001:db8::/32'", excepted: '2001:db8:b::1/128' },
    { address: "'2001:DB8:B:0::1'", network: "'2001:DB8::/32'", excepted: '2001:db8:b::1/128' },
  ])('keeps $excepted out of both tables', ({ address, network, excepted }) => {
    const text = vary(
      twoSites,
      ['address: 198.51.100.20', `address: ${address}`],
      ["[10.20.0.0/16, 'fd20::/48']", `[${network}]`],
    );
    expect(routesOf({ text }).filter((line) => line.startsWith('throw'))).toEqual([
      `throw ${excepted} table 8300`,
      `throw ${excepted} table 8320`,
    ]);
  });

  it('cannot be seen where it is known by name', () => {
    const text = vary(ipv4Only, ['address: 198.51.100.20', 'address: gw.example']);
    expect(routesOf({ text }).filter((line) => line.startsWith('throw'))).toEqual([]);
  });

  const inside = vary(ipv4Only, ['10.20.0.0/16', '198.51.100.0/24']);

  it.each([
    { what: 'by interface', text: inside, planes: ['xfrm-interface'], tables: [8300, 8320] },
    { what: 'by policy', text: inside, planes: ['policy'], tables: [8320] },
    {
      what: 'disabled',
      text: vary(inside, ['start: initiate', 'adminState: disabled']),
      planes: ['xfrm-interface'],
      tables: [8320],
    },
    {
      what: 'without a leak guard',
      text: vary(inside, ['  networks: [10.10', '  leakGuard: false\n  networks: [10.10']),
      planes: ['xfrm-interface'],
      tables: [8300],
    },
  ] as const)('is excepted in those tables alone that lead to it: $what', (row) => {
    const { routes, firewall } = planWorld({ text: row.text, dataPlanes: row.planes }).plan;
    expect(routes.filter(({ type }) => type === 'throw').map(({ table }) => table)).toEqual(
      row.tables,
    );
    const isGuarded = row.tables.some((table) => table === 8320);
    expect(firewall.peers).toEqual(isGuarded ? ['198.51.100.20'] : []);
  });

  it('is excepted for each tunnel that leads to the network, the idle one too', () => {
    const text = vary(
      ipv4Only,
      [
        '    - remote: {address: 198.51.100.20}',
        '    - {name: a, remote: {address: 198.51.100.20}}\n    - {name: b, remote: {address: 198.51.100.21}}',
      ],
      ['10.20.0.0/16', '198.51.100.0/24'],
    );
    expect(routesOf({ text }).filter((line) => line.endsWith('8300'))).toEqual([
      expect.stringMatching(/^198\.51\.100\.0\/24 dev sp/),
      'throw 198.51.100.20/32 table 8300',
      'throw 198.51.100.21/32 table 8300',
    ]);
  });
});

describe('a peer inside the network of another tunnel', () => {
  it('is reached through that tunnel, as the declarations say', () => {
    const text = ipv4Only + vary(thirdPartner, ['198.51.100.30', '10.20.0.30']);
    const { plan } = planWorld({ text });
    expect(plan.routes.filter(({ type }) => type === 'throw')).toEqual([]);
    expect(plan.firewall.peers).toEqual([]);
  });
});

describe('the source address of a route', () => {
  const hostHas = (addresses: string): string =>
    vary(twoSites, ["[192.0.2.10, '2001:db8:1::10']", addresses]);

  it.each([
    { addresses: "[192.0.2.10, '2001:db8:1::10']", source4: undefined, source6: undefined },
    { addresses: '[192.0.2.10, 10.10.7.1, 10.10.7.2]', source4: '10.10.7.1', source6: undefined },
    { addresses: "[192.0.2.10, 'FD10:0::7']", source4: undefined, source6: 'fd10::7' },
  ])('is the first of $addresses inside our networks', ({ addresses, source4, source6 }) => {
    const { routes } = planWorld({ text: hostHas(addresses) }).plan;
    const sourceOf = (prefix: string): string | undefined =>
      routes.find((route) => route.prefix === prefix && route.type === 'unicast')?.source;
    expect([sourceOf('10.20.0.0/16'), sourceOf('fd20::/48')]).toEqual([source4, source6]);
  });

  it("comes from the host as the tunnel's own namespace declares it, whichever is read first", () => {
    const one = hostHas('[192.0.2.10, 10.10.0.1]');
    const other = inNamespace('other', hostHas('[192.0.2.10, 10.10.0.2]'));
    for (const text of [`${one}${other}`, `${other}---${one}`]) {
      const { routes } = planWorld({ text }).plan;
      const sources = routes.flatMap(({ prefix, source }) => (source ? [[prefix, source]] : []));
      expect(sources).toEqual([
        ['10.20.0.0/16', '10.10.0.1'],
        ['10.120.0.0/16', '10.10.0.2'],
      ]);
    }
  });
});

describe('rules', () => {
  it.each([
    { what: 'IPv4 alone', text: ipv4Only, rules: ['4 8300', '4 8320'] },
    {
      what: 'a disabled tunnel',
      text: vary(ipv4Only, ['start: initiate', 'adminState: disabled']),
      rules: ['4 8320'],
    },
    {
      what: 'no leak guard',
      text: vary(ipv4Only, ['  networks: [10.10', '  leakGuard: false\n  networks: [10.10']),
      rules: ['4 8300'],
    },
    { what: 'a host without tunnels', text: secondHost, rules: [] },
  ])('are only those of tables with routes: $what', ({ text, rules }) => {
    const { plan } = planWorld({ text });
    expect(plan.rules.map(({ family, table }) => `${family} ${table}`)).toEqual(rules);
    expect(plan.rules.every(({ priority, table }) => priority === table)).toBe(true);
  });
});

describe('sysctls', () => {
  it.each([
    { networks: '[10.20.0.0/16]', keys: ['net/ipv4/ip_forward'] },
    { networks: "['fd20::/48']", keys: ['net/ipv6/conf/all/forwarding'] },
  ])('forward no family that no tunnel carries: $networks', ({ networks, keys }) => {
    const text = vary(twoSites, ["[10.20.0.0/16, 'fd20::/48']", networks]);
    const { sysctls } = planWorld({ text }).plan;
    expect(sysctls.map(({ key }) => key).filter((key) => !key.includes(IFACE))).toEqual(keys);
  });
});

describe('interfaces', () => {
  const vti = (address: string): World => ({
    text: vary(
      twoSites,
      ['address: 198.51.100.20', `address: ${address}`],
      ['  networks: [10.10', '  dataPlane: vti\n  networks: [10.10'],
    ),
    dataPlanes: ['vti'],
  });

  it.each([
    { address: '198.51.100.20', family: 4, ends: ['192.0.2.10', '198.51.100.20'] },
    { address: "'2001:DB8:B:0::1'", family: 6, ends: ['2001:db8:1::10', '2001:db8:b::1'] },
  ])('of a VTI to $address have its outer family and both ends', ({ address, family, ends }) => {
    const [localAddress, remoteAddress] = ends;
    expect(planWorld(vti(address)).plan.interfaces).toEqual([
      expect.objectContaining({ kind: 'vti', name: IFACE, family, localAddress, remoteAddress }),
    ]);
  });

  it('of a VTI that cannot be are left out', () => {
    expect(planWorld(vti('gw.example')).plan.interfaces).toEqual([]);
  });
});
