/** Output of iproute2 6.1, recorded in a network namespace with marked and unmarked things in it. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseLinks, parseRoutes, parseRules } from './parse.ts';

const recorded = (name: string): string =>
  readFileSync(join(import.meta.dirname, 'testdata', `ip-6.1-${name}.json`), 'utf8');

describe('parseLinks', () => {
  it('finds what carries our mark, with id, addresses and state', () => {
    const { interfaces } = parseLinks(recorded('link'));
    expect(interfaces).toEqual([
      {
        name: 'sp0a78d801',
        kind: 'xfrm',
        mtuBytes: 1422,
        isUp: true,
        alias: 'sallyport default/partner-a/main',
        interfaceId: 0x0a78d801,
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
      },
    ]);
  });

  it('takes everything else for foreign, by all its names', () => {
    const { foreignInterfaces } = parseLinks(recorded('link'));
    expect([...foreignInterfaces].sort()).toEqual([
      'ip_vti0',
      'lo',
      'peer0',
      'spaltname',
      'spforeign0',
    ]);
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

  it('is nothing where ip prints nothing', () => {
    expect(parseLinks('').interfaces).toEqual([]);
    expect(parseRoutes('\n', 6)).toEqual([]);
  });
});
