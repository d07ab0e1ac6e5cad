/** Output of iproute2 6.1, recorded in a network namespace with marked and unmarked things in it. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseLinks, parseNetworkNamespaces, parseRoutes, parseRules } from './parse.ts';

const recorded = (name: string): string =>
  readFileSync(join(import.meta.dirname, 'testdata', `ip-6.1-${name}.json`), 'utf8');

describe('parseLinks', () => {
  it('finds what carries our mark, with id, addresses and state', () => {
    const { interfaces } = parseLinks(recorded('address'));
    expect(interfaces).toEqual([
      {
        name: 'sp0a78d801',
        kind: 'xfrm',
        mtuBytes: 1422,
        isUp: true,
        alias: 'sallyport default/partner-a/main',
        interfaceId: 0x0a78d801,
        addresses: [
          '169.254.10.2/30',
          '10.0.0.4 peer 10.0.0.5/32',
          'fd09::1 peer fd09::2/128',
          'fd00::1/126',
        ],
      },
      {
        name: 'sp00000002',
        kind: 'vti',
        mtuBytes: 1400,
        isUp: false,
        alias: 'sallyport default/b/main',
        interfaceId: 0xffffffff,
        localAddress: '192.0.2.1',
        remoteAddress: '192.0.2.2',
        addresses: [],
      },
      {
        // Made, and not named yet: the work was cut short.
        name: 'sp00000003',
        kind: 'vti6',
        mtuBytes: 1400,
        isUp: false,
        alias: '',
        interfaceId: 42,
        localAddress: '2001:db8::1',
        remoteAddress: '2001:db8::2',
        addresses: [],
      },
    ]);
  });

  it('names the namespace in which an interface looks for its SAs', () => {
    const row = { ifname: 'sp1', ifalias: 'sallyport a/b/c', mtu: 1422, flags: [] };
    const linkinfo = { info_kind: 'xfrm', info_data: { if_id: '0x1' } };
    const text = JSON.stringify([0, 1, 2].map((id) => ({ ...row, linkinfo, link_netnsid: id })));
    const namespaces = parseNetworkNamespaces(
      '[{"name":"ike2","id":1},{"name":"alias","id":1},{"name":"late"}]',
    );
    const { interfaces } = parseLinks(text, namespaces);
    expect(interfaces.map(({ shards }) => shards)).toEqual([[], ['ike2', 'alias'], []]);
    expect(parseNetworkNamespaces('').size).toBe(0);
  });

  it('knows what foreign interfaces reach directly, but for what all of them do', () => {
    expect(parseLinks(recorded('address')).subnets).toEqual([
      { prefix: '127.0.0.0/8', interface: 'lo' },
      { prefix: '::1/128', interface: 'lo' },
      { prefix: '10.1.0.0/24', interface: 'peer0' },
    ]);
    const addr_info = [
      { local: '10.9.0.1', address: '10.9.0.2', prefixlen: 32 },
      { local: 'fe80::1', prefixlen: 64 },
    ];
    const { subnets } = parseLinks(JSON.stringify([{ ifname: 'p2p', addr_info }, { addr_info }]));
    expect(subnets).toEqual([{ prefix: '10.9.0.2/32', interface: 'p2p' }]);
  });

  it('takes everything else for foreign, by all its names', () => {
    const { foreignInterfaces } = parseLinks(recorded('address'));
    expect([...foreignInterfaces].sort()).toEqual(['lo', 'peer0', 'spaltname', 'spforeign0']);
  });
});

describe('parseRoutes', () => {
  it('reads IPv4 routes, with what a plan would not ask for', () => {
    expect(parseRoutes(recorded('route-4'), 4)).toEqual([
      { prefix: '10.2.0.0/16', table: 8300, type: 'unicast', interface: 'spffffffff' },
      { prefix: '10.3.0.0/16', table: 8300, type: 'unicast', interface: 'spffffffff', metric: 5 },
      { prefix: '0.0.0.0/0', table: 8320, type: 'unreachable' },
      { prefix: '10.2.0.0/16', table: 8320, type: 'unreachable' },
      { prefix: '10.2.0.9/32', table: 8320, type: 'throw' },
    ]);
  });

  it('reads IPv6 routes without their default metric and the loopback of unreachable ones', () => {
    expect(parseRoutes(recorded('route-6'), 6)).toEqual([
      { prefix: 'fd02::/64', table: 8300, type: 'unicast', interface: 'spffffffff' },
      { prefix: 'fd02::/64', table: 8320, type: 'unreachable' },
    ]);
  });

  it.each([
    [{ gateway: '192.0.2.1' }, 'via 192.0.2.1'],
    [{ via: { family: 'inet6', host: 'fe80::1' } }, 'via fe80::1'],
    [{ nexthops: [{}, {}] }, '2 next hops'],
    [{ metrics: [{ mtu: 1400 }] }, 'metrics'],
    [{ encap: 'mpls' }, 'encap'],
  ])('notes %j', (extra, other) => {
    const text = JSON.stringify([{ dst: '10.2.0.0/16', dev: 'x', table: '8300', ...extra }]);
    expect(parseRoutes(text, 4)[0]?.other).toBe(other);
  });
});

describe('parseRules', () => {
  it('reads ours, and none with a selector', () => {
    expect(parseRules(recorded('rule-4'), 4)).toEqual([{ family: 4, priority: 8300, table: 8300 }]);
    expect(parseRules(recorded('rule-6'), 6)).toEqual([{ family: 6, priority: 8320, table: 8320 }]);
  });
});

describe('any JSON that ip may print', () => {
  it('is read without a throw', () => {
    const field = fc.constantFrom('ifname', 'linkinfo', 'dst', 'table', 'protocol', 'flags', 'via');
    const rows = fc.array(fc.dictionary(field, fc.jsonValue()));
    fc.assert(
      fc.property(rows, (list) => {
        const text = JSON.stringify(list);
        expect(() => [parseLinks(text), parseRoutes(text, 4), parseRules(text, 6)]).not.toThrow();
      }),
    );
  });

  it.each(['', '\n', '[]', '{}', 'null', '[null, 1, "x"]'])(
    'is nothing where ip shows nothing: %j',
    (text) => {
      expect(parseLinks(text)).toEqual({
        interfaces: [],
        foreignInterfaces: new Set(),
        subnets: [],
      });
      expect(parseRoutes(text, 6)).toEqual([]);
      expect(parseRules(text, 4)).toEqual([]);
    },
  );

  it('is no empty kernel where it was cut off: then nothing is known', () => {
    const text = recorded('address').slice(0, 1_000);
    expect(() => parseLinks(text)).toThrow(SyntaxError);
    expect(() => parseRoutes(text, 4)).toThrow(SyntaxError);
    expect(() => parseRules(text, 4)).toThrow(SyntaxError);
  });
});

describe('a link', () => {
  const link = {
    ifname: 'sp1',
    mtu: 1400,
    flags: ['UP'],
    linkinfo: { info_kind: 'xfrm', info_data: { if_id: '0x1' } },
  };

  it.each([
    { what: 'by its alias', extra: { ifalias: 'sallyport default/a/main' }, isOurs: true },
    { what: 'by its group, while it has no alias', extra: { group: '83' }, isOurs: true },
    {
      what: 'by its alias in whichever group',
      extra: { ifalias: 'sallyport a', group: '0' },
      isOurs: true,
    },
    { what: 'without alias and group', extra: {}, isOurs: false },
    {
      what: "with somebody else's alias",
      extra: { ifalias: 'uplink', group: '83' },
      isOurs: false,
    },
    {
      what: 'with a name that is not ours',
      extra: { ifname: 'eth1', ifalias: 'sallyport a' },
      isOurs: false,
    },
    {
      what: 'of a kind that we never make',
      extra: { ifalias: 'sallyport a', linkinfo: { info_kind: 'dummy' } },
      isOurs: false,
    },
    { what: 'of no kind', extra: { ifalias: 'sallyport a', linkinfo: null }, isOurs: false },
  ])('$what is ours: $isOurs', ({ extra, isOurs }) => {
    const { interfaces, foreignInterfaces } = parseLinks(JSON.stringify([{ ...link, ...extra }]));
    expect([interfaces.length, foreignInterfaces.size]).toEqual(isOurs ? [1, 0] : [0, 1]);
  });

  it('of the name and kind of the TUN device of charon is that device, and no link of ours', () => {
    const device = {
      ...{ ifindex: 17, ifname: 'ipsec0', flags: ['UP'], linkinfo: { info_kind: 'tun' } },
      addr_info: [
        { local: '169.254.10.2', prefixlen: 30 },
        { local: 'fe80::1', prefixlen: 64 },
      ],
    };
    const { interfaces, engineDevice } = parseLinks(JSON.stringify([device]));
    expect(interfaces).toEqual([]);
    expect(engineDevice).toEqual({
      ...{ index: '17', isUp: true },
      addresses: ['169.254.10.2/30', 'fe80::1/64'],
    });
    const other = { ...device, linkinfo: { info_kind: 'dummy' } };
    expect(parseLinks(JSON.stringify([other])).engineDevice).toBeUndefined();
  });

  it('says no more than ip does', () => {
    const bare = { ifname: 'sp1', group: '83', linkinfo: { info_kind: 'vti' } };
    expect(parseLinks(JSON.stringify([bare])).interfaces).toEqual([
      { name: 'sp1', kind: 'vti', mtuBytes: Number.NaN, isUp: false, alias: '', addresses: [] },
    ]);
  });
});

describe('an address', () => {
  const addressesOf = (...infos: unknown[]): readonly string[] | undefined => {
    const row = { ifname: 'sp1', group: '83', linkinfo: { info_kind: 'xfrm' }, addr_info: infos };
    return parseLinks(JSON.stringify([row])).interfaces[0]?.addresses;
  };

  it.each([
    { info: { local: '169.254.10.2', prefixlen: 30 }, text: '169.254.10.2/30' },
    { info: { local: 'FD00:0::1', prefixlen: 126 }, text: 'fd00::1/126' },
    {
      info: { local: '10.0.0.4', address: '10.0.0.5', prefixlen: 32 },
      text: '10.0.0.4 peer 10.0.0.5/32',
    },
  ])('is read as ip writes it: $text', ({ info, text }) => {
    expect(addressesOf(info)).toEqual([text]);
  });

  it('is none where ip tells less', () => {
    expect(addressesOf({ local: '10.0.0.4' }, { prefixlen: 32 }, null)).toEqual([]);
  });
});

describe('a route', () => {
  it.each([
    { family: 4 as const, dst: 'default', prefix: '0.0.0.0/0' },
    { family: 6 as const, dst: 'default', prefix: '::/0' },
    { family: 4 as const, dst: '10.2.0.9', prefix: '10.2.0.9/32' },
    { family: 6 as const, dst: 'fd02::9', prefix: 'fd02::9/128' },
    { family: 6 as const, dst: '::ffff:192.0.2.1', prefix: '::ffff:192.0.2.1/128' },
  ])('to $dst leads to $prefix', ({ family, dst, prefix }) => {
    expect(parseRoutes(JSON.stringify([{ dst }]), family)).toEqual([
      { prefix, table: 254, type: 'unicast' },
    ]);
  });

  it.each([
    { family: 4 as const, metric: 1024, expected: 1024 },
    { family: 6 as const, metric: 1024, expected: undefined },
    { family: 6 as const, metric: 100, expected: 100 },
    { family: 4 as const, metric: undefined, expected: undefined },
  ])('of IPv$family with metric $metric counts as $expected', ({ family, metric, expected }) => {
    const text = JSON.stringify([{ dst: 'default', metric }]);
    expect(parseRoutes(text, family)[0]?.metric).toBe(expected);
  });

  it.each([
    ['6', 'blackhole'],
    ['7', 'unreachable'],
    ['8', 'prohibit'],
    ['9', 'throw'],
    ['2', '2'],
  ])('of type %s is called %s, and leads to no link', (type, name) => {
    const [route] = parseRoutes(JSON.stringify([{ type, dst: '10.2.0.0/16', dev: 'lo' }]), 4);
    expect(route).toEqual({ prefix: '10.2.0.0/16', table: 254, type: name });
  });

  it('keeps the address that the gateway itself sends from', () => {
    const text = JSON.stringify([{ dst: 'fd02::/64', dev: 'sp1', prefsrc: 'FD01::1' }]);
    expect(parseRoutes(text, 6)[0]?.source).toBe('fd01::1');
  });
});

describe('a rule', () => {
  const rule = { priority: 8300, src: 'all', table: '8300', protocol: '83' };

  it.each([
    { extra: {}, isOurs: true },
    { extra: { protocol: '2' }, isOurs: false },
    { extra: { src: '10.0.0.0', srclen: 8 }, isOurs: false },
    { extra: { iif: 'eth0' }, isOurs: false },
    { extra: { fwmark: '0x1' }, isOurs: false },
    { extra: { not: null }, isOurs: false },
    { extra: { action: 'unreachable' }, isOurs: false },
  ])('with $extra is ours: $isOurs', ({ extra, isOurs }) => {
    expect(parseRules(JSON.stringify([{ ...rule, ...extra }]), 4)).toHaveLength(isOurs ? 1 : 0);
  });
});
