import { describe, expect, it } from 'vitest';
import { evidence, report, seen, subject, tunnel } from '../testing/subjects.ts';
import type { Evidence, RouteAnswer, RouteLookup } from './evidence.ts';
import { judgeRoutes } from './judge-routes.ts';
import type { Subject } from './judgement.ts';

const found = (base: Subject): string[] => judgeRoutes(base).findings.map(({ code }) => code);
const messages = (base: Subject): string =>
  judgeRoutes(base)
    .findings.map(({ message, hint }) => `${message}; ${hint}`)
    .join('\n');
const refused = (error: string): RouteAnswer => ({ kind: 'refused', error });
const asked = (answer: RouteAnswer, from?: RouteLookup['from']): Pick<Evidence, 'routes'> => ({
  routes: [
    {
      ...{ prefix: '10.20.0.0/16', address: '10.20.0.1', answer },
      ...(from === undefined ? {} : { from }),
    },
  ],
});
const device = (name: string, changed: object): Pick<Evidence, 'devices'> => ({
  devices: evidence.devices.map((one) => (one.name === name ? { ...one, ...changed } : one)),
});
const LAN = { address: '10.10.0.2', interface: 'lan' };

describe('judgeRoutes', () => {
  it('proves the way in and the way around', () => {
    const { findings, proofs } = judgeRoutes(subject);
    expect(findings).toEqual([]);
    expect([...new Set(proofs)]).toEqual([
      '198.51.100.20 is reached through wan via 192.0.2.1',
      'packets for 10.20.0.0/16 go to sp0a78d801',
    ]);
  });

  it('names a peer that cannot be reached, or only through its own tunnel', () => {
    expect(messages(seen({ peerRoute: refused('Network is unreachable') }))).toContain(
      'this host has no way to 198.51.100.20: Network is unreachable',
    );
    for (const name of ['sp0a78d801', 'ipsec0'])
      expect(found(seen({ peerRoute: { kind: 'route', interface: name } }))).toEqual([
        'path/peer-through-tunnel',
      ]);
    const { peerRoute: _, ...unknown } = evidence;
    expect(judgeRoutes({ ...subject, evidence: unknown }).findings).toEqual([]);
  });

  it('names the rule that leads packets elsewhere', () => {
    const rule = { family: 4, priority: 100, table: '100', selector: 'from all' } as const;
    const other = { ...rule, priority: 200, table: '200' };
    const six = { ...rule, family: 6 } as const;
    const base = seen({
      ...asked({ kind: 'route', interface: 'wan', table: '100' }),
      foreignRules: [rule, other, six],
    });
    expect(found(base)).toEqual(['path/route-elsewhere']);
    expect(messages(base)).toContain(
      'packets for 10.20.0.0/16 go to wan instead of into the tunnel interface sp0a78d801; remove the rule 100 from all lookup 100, or exempt',
    );
  });

  it('names the table where no rule is to blame', () => {
    expect(messages(seen(asked({ kind: 'route', interface: 'wan', table: 'main' })))).toContain(
      'remove the route in table main',
    );
  });

  it('names what keeps packets from the tunnel', () => {
    expect(found(seen(asked(refused('No route to host'))))).toEqual(['path/route-missing']);
    const rule = { family: 4, priority: 9, table: '9', selector: 'from all' } as const;
    expect(messages(seen({ ...asked(refused('unreachable')), foreignRules: [rule] }))).toContain(
      'the rule 9 from all lookup 9 comes before',
    );
  });

  it('takes a network that another tunnel of the plan carries for right', () => {
    const base = seen(asked({ kind: 'route', interface: 'sp00000002' }));
    const routes = [
      ...subject.routes,
      { prefix: '10.20.0.0/24', table: 8300, type: 'unicast', interface: 'sp00000002' } as const,
      { prefix: '10.20.0.0/28', table: 8320, type: 'unreachable' } as const,
    ];
    expect(judgeRoutes({ ...base, routes })).toMatchObject({
      findings: [],
      proofs: [
        expect.stringContaining('198.51.100.20'),
        'packets for 10.20.0.0/16 go to sp00000002, by another tunnel',
      ],
    });
    expect(found({ ...base, routes: [] })).toEqual(['path/route-elsewhere']);
  });

  it('finds packets of policies by their policy, whatever interface they leave by', () => {
    const { interface: _, interfaceId: __, ...policy } = tunnel;
    const base = { ...seen(asked({ kind: 'route', interface: 'wan' })), tunnel: policy };
    expect(found(base)).toEqual([]);
    const wrong = seen(asked({ kind: 'route', interface: 'sp00000002' }));
    expect(found({ ...wrong, tunnel: policy })).toEqual(['path/route-elsewhere']);
    const down = { ...report, state: 'down' as const };
    expect(found({ ...seen(asked(refused('x'))), tunnel: policy, after: down })).toEqual([]);
  });

  it.each(['Invalid cross-device link', 'Invalid argument'])(
    'names strict reverse path filtering where the kernel answers %s',
    (error) => {
      const base = seen({
        ...asked(refused(error), LAN),
        ...device('lan', { reversePathFilter: 1 }),
        reversePathDrops: { before: 3, after: 8 },
      });
      const { findings } = judgeRoutes(base);
      expect(findings.map(({ code }) => code)).toEqual(['path/reverse-path-filter']);
      expect(findings[0]?.message).toContain('on lan drops packets from 10.10.0.2');
      expect(findings[0]?.evidence.at(-1)).toBe('IPReversePathFilter grew by 5 while we looked');
    },
  );

  it('names it for packets of the other side, and counts nothing where nothing is counted', () => {
    const { reversePathDrops: _, ...uncounted } = evidence;
    const peerReturn = {
      ...{ prefix: '192.0.2.10', address: '192.0.2.10', answer: refused('Invalid argument') },
      from: { address: '198.51.100.20', interface: 'wan' },
    };
    const changed = { ...uncounted, ...device('wan', { reversePathFilter: 1 }), peerReturn };
    const down = { ...report, state: 'down' as const };
    const { findings } = judgeRoutes({ ...subject, after: down, evidence: changed });
    expect(findings.map(({ code }) => code)).toEqual(['path/reverse-path-filter']);
    expect(findings[0]?.evidence).toHaveLength(1);
    // Up and nothing dropped: the other side's packets come in by another interface.
    expect(found({ ...subject, evidence: changed })).toEqual([]);
    const dropping = { ...changed, reversePathDrops: { before: 1, after: 2 } };
    expect(found({ ...subject, evidence: dropping })).toEqual(['path/reverse-path-filter']);
  });

  it('looks for it where ESP of a shard comes in', () => {
    const peerReturn = {
      ...{ prefix: '192.0.2.10', address: '192.0.2.10', answer: refused('Invalid argument') },
      from: { address: '198.51.100.20', interface: 'wan' },
    };
    const wan = { name: 'wan', forwards: false, reversePathFilter: 1 };
    const inShard = { devices: [wan], reversePathDrops: { before: 1, after: 2 } };
    const base = {
      ...seen({ peerReturn, outside: inShard }),
      tunnel: { ...tunnel, shard: 'ike2' },
    };
    expect(judgeRoutes(base).findings).toMatchObject([
      {
        code: 'path/reverse-path-filter',
        evidence: [
          '"ip -n ike2 route get 192.0.2.10 from 198.51.100.20 iif wan" answers: Invalid argument',
          'IPReversePathFilter grew by 1 while we looked',
        ],
      },
    ]);
    // An interface of the same name in the host's own namespace has nothing to do with it.
    const here = { ...device('wan', { reversePathFilter: 1 }), peerReturn };
    const outside = { devices: [{ ...wan, reversePathFilter: 0 }] };
    expect(found(seen({ ...here, outside, reversePathDrops: { before: 1, after: 2 } }))).toEqual(
      [],
    );
  });

  it('does not blame a loose filter, nor one of IPv6', () => {
    expect(found(seen(asked(refused('Invalid argument'), LAN)))).toEqual(['path/route-missing']);
    const six = { address: 'fd10::2', interface: 'lan' };
    const strict = device('lan', { reversePathFilter: 1 });
    expect(found(seen({ ...asked(refused('Invalid argument'), six), ...strict }))).toEqual([
      'path/route-missing',
    ]);
  });

  it('names forwarding that is off, once, and not the refusal that follows from it', () => {
    const base = seen({
      ...asked(refused('No route to host'), LAN),
      ...device('lan', { forwards: false }),
    });
    expect(found(base)).toEqual(['path/forwarding-off']);
    expect(messages(base)).toContain('set net.ipv4.conf.lan.forwarding to 1');
    expect(found(seen(device('sp0a78d801', { forwards: false })))).toEqual(['path/forwarding-off']);
    expect(found(seen(device('wan', { forwards: false })))).toEqual([]);
  });

  it('names IPv6 forwarding only where IPv6 is carried', () => {
    expect(found(seen({ forwardsIpv6: false }))).toEqual([]);
    const six = { prefix: 'fd20::/48', address: 'fd20::1', answer: refused('x') };
    expect(found(seen({ forwardsIpv6: false, routes: [six] }))).toContain('path/forwarding-off');
    const way = { kind: 'route', interface: 'sp0a78d801' } as const;
    const off = device('sp0a78d801', { forwards: false });
    expect(found({ ...seen({ routes: [{ ...six, answer: way }], ...off }), routes: [] })).toEqual(
      [],
    );
  });

  it('follows what BGP has told, by this tunnel, another one, or another gateway', () => {
    const learned = { prefix: '10.20.0.0/24', table: 8305, type: 'unicast' } as const;
    const proofs = (way: string, ...interfaces: (string | undefined)[]): readonly string[] =>
      judgeRoutes({
        ...seen(asked({ kind: 'route', interface: way, table: '8305' })),
        tunnel: { ...tunnel, learned: ['10.20.0.0/16'] },
        routes: interfaces.map((name) =>
          name === undefined ? learned : { ...learned, interface: name },
        ),
      }).proofs;
    expect(proofs('sp0a78d801', 'sp0a78d801')).toContain(
      'packets for 10.20.0.0/16 go to sp0a78d801',
    );
    expect(proofs('sp00000001', 'sp0a78d801', 'sp00000001')).toContain(
      'packets for 10.20.0.0/16 go to sp00000001, by another tunnel',
    );
    expect(proofs('lan', undefined)).toContain(
      'packets for 10.20.0.0/16 go to lan, by another gateway',
    );
  });

  it('follows what BGP has told also where all tunnels share a device', () => {
    const { interfaceId: _, ...shared } = { ...tunnel, interface: 'ipsec0' };
    const { findings, proofs } = judgeRoutes({
      ...seen(asked({ kind: 'route', interface: 'lan', table: '8305' })),
      tunnel: { ...shared, learned: ['10.20.0.0/16'] },
      routes: [{ prefix: '10.20.0.0/24', table: 8305, type: 'unicast' }],
    });
    expect(findings).toEqual([]);
    expect(proofs).toContain('packets for 10.20.0.0/16 go to lan, by another gateway');
  });

  it('says what nobody has told', () => {
    const untold = {
      ...seen(asked(refused('No route to host'))),
      tunnel: { ...tunnel, learned: ['10.20.0.0/16'] },
      routes: [],
    };
    expect(found(untold)).toEqual(['path/not-learned']);
    expect(messages(untold)).toContain('nobody has told the way to 10.20.0.0/16 by BGP');
  });
});
