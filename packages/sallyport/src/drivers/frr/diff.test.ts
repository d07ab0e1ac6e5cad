import { describe, expect, it } from 'vitest';
import { formatChange } from '../driver.ts';
import { diffFrr } from './diff.ts';
import { parseBfdConfig, parseBgpConfig, parseZebraConfig } from './parse-config.ts';
import { type FrrConfig, type FrrDesired, NO_CONFIG, type VtyLine } from './state.ts';
import { ModelFrr } from './testing/model-frr.ts';
import { gatewayPlan, nodePlan, peer, secondPeer, tunnelPlan } from './testing/plans.ts';

function configFrom(
  frr: ModelFrr,
  { bgpd = frr.print('bgpd'), bfdd = frr.print('bfdd') }: Readonly<Record<string, string>>,
): FrrConfig {
  return {
    ...parseBgpConfig(bgpd),
    ...{ profiles: parseBfdConfig(bfdd), zebra: parseZebraConfig(frr.print('zebra')) },
  };
}

function configOf(frr: ModelFrr): FrrConfig {
  return configFrom(frr, {});
}

/** Configured as planned. */
function frrOf(desired: FrrDesired): ModelFrr {
  const frr = new ModelFrr();
  for (const change of diffFrr(NO_CONFIG, desired)) frr.apply(change);
  return frr;
}

function changes(before: FrrDesired, after: FrrDesired): string[] {
  return diffFrr(configOf(frrOf(before)), after).map(
    (change) => `${formatChange(change)}: ${change.impact}`,
  );
}

function typed(line: VtyLine): string {
  return typeof line === 'string' ? line : `${line.text} <Secret ${line.secret.name}>`;
}

const withPeer = (differing: Partial<typeof peer>): FrrDesired => ({
  bgp: { ...tunnelPlan, neighbors: [{ ...peer, ...differing }] },
});

describe('what is typed into an empty FRR', () => {
  it.each([
    ['a-peer-in-a-tunnel', tunnelPlan],
    ['a-gateway-with-nodes', gatewayPlan],
    ['a-node', nodePlan],
  ])('for %s', async (name, bgp) => {
    const blocks = diffFrr(NO_CONFIG, { bgp }).map((change) =>
      [`! ${formatChange(change)}`, ...change.step.lines.map(typed), ''].join('\n'),
    );
    await expect(blocks.join('\n')).toMatchFileSnapshot(`testdata/typed-${name}.txt`);
  });

  it.each([
    ['a peer', tunnelPlan],
    ['a gateway', gatewayPlan],
    ['a node', nodePlan],
    ['nothing', undefined],
  ])('is all there is to do for %s', (_name, bgp) => {
    const desired = bgp === undefined ? {} : { bgp };
    expect(diffFrr(configOf(frrOf(desired)), desired)).toEqual([]);
  });

  it('has a new neighbour switched off until all of it is there', () => {
    const change = diffFrr(NO_CONFIG, { bgp: tunnelPlan }).find(({ subject }) =>
      subject.startsWith('BGP neighbor'),
    );
    const lines = (change?.step.lines ?? []).map(typed);
    expect(lines.slice(0, 3)).toEqual([
      'router bgp 65001',
      'neighbor 169.254.10.1 remote-as 65002',
      'neighbor 169.254.10.1 shutdown',
    ]);
    expect(lines.slice(-2)).toEqual(['no neighbor 169.254.10.1 shutdown', 'exit']);
  });
});

describe('what is changed', () => {
  it.each([
    [
      'of a policy, by its entries',
      withPeer({ accept: [{ prefix: '10.50.0.0/16', longest: 20 }] }),
      [
        'replace ip prefix-list sp-169.254.10.1-v4-in (+ permit 10.50.0.0/16 le 20, - permit 10.50.0.0/16 le 24, - permit 10.51.0.0/24): nothing',
        'remove ipv6 prefix-list sp-169.254.10.1-v6-in: nothing',
      ],
    ],
    [
      'of what a route map sets',
      withPeer({ localPreference: 300 }),
      [
        'replace route-map sp-169.254.10.1-v4-in: nothing',
        'replace route-map sp-169.254.10.1-v6-in: nothing',
      ],
    ],
    [
      'of limits, timers and BFD, without an end of the session',
      withPeer({
        maximumPrefixes: 50,
        timers: { keepaliveSeconds: 30, holdSeconds: 60, connectRetrySeconds: 10 },
        bfd: { intervalMilliseconds: 500, multiplier: 4 },
      }),
      [
        'add BFD profile sp-500x4: nothing',
        'replace BGP neighbor 169.254.10.1 (bfd profile sp-500x4 instead of sp-300x3, timers 20 60 instead of 10 30, maximum-prefix 50 80 restart 5 instead of 100 80 restart 5): nothing',
        'remove BFD profile sp-300x3: nothing',
      ],
    ],
    [
      'of a password, without its fingerprint',
      withPeer({ password: { namespace: 'default', name: 'bgp', fingerprint: 'beef' } }),
      ['replace BGP neighbor 169.254.10.1 (password): cut'],
    ],
    [
      'of the AS of a neighbour, which begins anew',
      withPeer({ asn: 65_009 }),
      [expect.stringMatching(/^replace BGP neighbor 169\.254\.10\.1 \(remote-as 65009.*: cut$/)],
    ],
    [
      'of the addresses',
      withPeer({ localAddress: '169.254.10.6' }),
      [
        'replace BGP neighbor 169.254.10.1 (update-source 169.254.10.6 instead of 169.254.10.2): cut',
      ],
    ],
    [
      'of the families',
      withPeer({ families: [4] }),
      [
        expect.stringMatching(/^replace BGP neighbor 169\.254\.10\.1 \(.*no activate.*: cut$/),
        ...['in', 'out'].map((way) => `remove route-map sp-169.254.10.1-v6-${way}: nothing`),
        ...['in', 'out'].map((way) => `remove ipv6 prefix-list sp-169.254.10.1-v6-${way}: nothing`),
      ],
    ],
    [
      'before a drain',
      { bgp: { ...tunnelPlan, gracefulShutdown: true } },
      ['replace BGP speaker of AS 65001 (bgp graceful-shutdown): nothing'],
    ],
    [
      'of how long our ways are',
      withPeer({ prepend: 2 }),
      [4, 6].map((family) => `replace route-map sp-169.254.10.1-v${family}-out: nothing`),
    ],
    [
      'of what the host itself sends from, of which bgpd tells zebra once more',
      { bgp: { ...tunnelPlan, sources: ['10.20.0.12', '2001:db8:20::11'] } },
      [
        'add zebra route-map sp-from-10.20.0.12: nothing',
        'add ip protocol bgp route-map sp-from-10.20.0.12: nothing',
        'add route-map sp-from-10.20.0.12: nothing',
        'replace BGP speaker of AS 65001 (table-map sp-from-10.20.0.12 instead of sp-from-10.20.0.11): nothing',
        'remove route-map sp-from-10.20.0.11: nothing',
        'remove zebra route-map sp-from-10.20.0.11: nothing',
      ],
    ],
    [
      'of what is announced',
      { bgp: { ...tunnelPlan, originate: ['10.20.0.0/16', '10.22.0.0/16'] } },
      ['add BGP network 10.22.0.0/16: nothing', 'remove BGP network 2001:db8:20::/48: nothing'],
    ],
  ] satisfies [string, FrrDesired, unknown[]][])('%s', (_what, after, lines) => {
    expect(changes({ bgp: tunnelPlan }, after)).toEqual(lines);
  });

  it('of a zebra that was started anew is what bgpd has told it, once more', () => {
    const frr = frrOf({ bgp: tunnelPlan });
    const found = diffFrr({ ...configOf(frr), zebra: NO_CONFIG.zebra }, { bgp: tunnelPlan });
    expect(found.map(formatChange)).toEqual(
      expect.arrayContaining([
        'add ip protocol bgp route-map sp-from-10.20.0.11',
        'replace table-map sp-from-10.20.0.11',
      ]),
    );
    for (const change of found) frr.apply(change);
    expect(diffFrr(configOf(frr), { bgp: tunnelPlan })).toEqual([]);
  });

  it('when there is no BGP any more, is everything', () => {
    expect(changes({ bgp: tunnelPlan }, {})).toContain('remove BGP speaker of AS 65001: cut');
    const frr = frrOf({ bgp: tunnelPlan });
    for (const change of diffFrr(configOf(frr), {})) frr.apply(change);
    expect(diffFrr(configOf(frr), {})).toEqual([]);
  });

  it('of the AS number, is all of the speaker', () => {
    const after = { bgp: { ...tunnelPlan, asn: 65_100 } };
    const lines = changes({ bgp: tunnelPlan }, after);
    expect(lines).toContain('remove BGP speaker of AS 65001: cut');
    expect(lines).toContain('add BGP speaker of AS 65100: nothing');
    expect(lines).toContain('add BGP neighbor 169.254.10.1: nothing');
  });

  it('of a declared network is that alone, whatever becomes of its tunnel', () => {
    const [sure, doubtful] = ['10.70.0.0/16', '10.71.0.0/16'];
    const after = { ...gatewayPlan, unreached: [sure], doubtful: ['10.72.0.0/16'] };
    const all = diffFrr(configOf(frrOf({ bgp: gatewayPlan })), { bgp: after });
    expect(all.map((one) => [formatChange(one), one.step.lines.map(typed)[2]])).toEqual([
      [`replace BGP network ${doubtful}`, `network ${doubtful}`],
      ['add BGP network 10.72.0.0/16', 'network 10.72.0.0/16 route-map sp-last'],
      [`remove BGP network ${sure}`, `no network ${sure}`],
    ]);
    expect(all.map(({ impact }) => impact)).toEqual(['nothing', 'nothing', 'nothing']);
  });

  it('of those that may call, is what they call from', () => {
    const nodes = { ...gatewayPlan.nodes, ranges: ['10.0.4.0/22'] } as typeof gatewayPlan.nodes;
    expect(
      changes({ bgp: gatewayPlan }, { bgp: { ...gatewayPlan, ...(nodes && { nodes }) } }),
    ).toEqual([
      'add BGP listen range 10.0.4.0/22: nothing',
      'remove BGP listen range 10.0.0.0/22: cut',
      'remove BGP listen range 2001:db8:1::/64: cut',
    ]);
  });
});

describe('what somebody else has typed', () => {
  const differing = (from: string, to: string, bgp = tunnelPlan): string[][] => {
    const frr = frrOf({ bgp });
    const text = frr.print('bgpd').replace(from, to);
    expect(text).not.toBe(frr.print('bgpd'));
    return diffFrr(configFrom(frr, { bgpd: text }), { bgp }).map(({ step }) =>
      step.lines.map(typed),
    );
  };

  it.each([
    [
      'a neighbour that is switched off',
      ' neighbor 169.254.10.1 remote-as 65002\n',
      ' neighbor 169.254.10.1 remote-as 65002\n neighbor 169.254.10.1 shutdown\n',
      ['router bgp 65001', 'no neighbor 169.254.10.1 shutdown', 'exit'],
    ],
    [
      'a setting that we do not know',
      ' bgp log-neighbor-changes\n',
      ' bgp log-neighbor-changes\n no bgp ebgp-requires-policy\n',
      ['router bgp 65001', 'bgp ebgp-requires-policy', 'exit'],
    ],
    [
      'another password',
      ' [password f00d]',
      '',
      [
        'router bgp 65001',
        'neighbor 169.254.10.1 password <Secret bgp>',
        'neighbor 169.254.10.1 description default/partner/a [password f00d]',
        'exit',
      ],
    ],
    [
      'BFD without its profile',
      ' neighbor 169.254.10.1 bfd profile sp-300x3\n',
      '',
      [
        'router bgp 65001',
        'no neighbor 169.254.10.1 bfd',
        'neighbor 169.254.10.1 bfd profile sp-300x3',
        'exit',
      ],
    ],
    [
      'an entry of a route map',
      'route-map sp-169.254.10.1-v4-out deny 10\n match large-community sp-learned\n',
      'route-map sp-169.254.10.1-v4-out permit 10\n match tag 5\n',
      [
        'route-map sp-169.254.10.1-v4-out deny 10',
        'no match tag 5',
        'match large-community sp-learned',
      ],
    ],
    [
      'a further entry of a route map',
      'route-map sp-169.254.10.1-v4-out deny 10\n',
      'route-map sp-169.254.10.1-v4-out permit 5\nexit\nroute-map sp-169.254.10.1-v4-out deny 10\n',
      ['no route-map sp-169.254.10.1-v4-out permit 5'],
    ],
    [
      'an entry of a list',
      'permit 10.20.0.0/16 le 32',
      'deny any',
      [
        'ip prefix-list sp-refuse permit 10.20.0.0/16 le 32',
        'no ip prefix-list sp-refuse deny 0.0.0.0/0 le 32',
      ],
    ],
    [
      'another time until a changed policy is used',
      'bgp route-map delay-timer 1',
      'bgp route-map delay-timer 600',
      ['bgp route-map delay-timer 1'],
    ],
  ])('is put right: %s', (_what, from, to, lines) => {
    expect(differing(from, to)).toEqual([lines]);
  });

  it('is left alone where it only looks', () => {
    const frr = frrOf({ bgp: tunnelPlan });
    const text = `debug bgp updates\n${frr.print('bgpd')}`;
    expect(diffFrr(configFrom(frr, { bgpd: text }), { bgp: tunnelPlan })).toEqual([]);
  });

  it('is put right in a BFD profile', () => {
    const frr = frrOf({ bgp: tunnelPlan });
    const text = frr
      .print('bfdd')
      .replace(' profile sp-300x3\n', ' profile sp-300x3\n  receive-interval 50\n  echo-mode\n');
    expect(
      diffFrr(configFrom(frr, { bfdd: text }), { bgp: tunnelPlan }).map(({ step }) => step.lines),
    ).toEqual([
      ['bfd', 'profile sp-300x3', 'no echo-mode', 'receive-interval 300', 'exit', 'exit'],
    ]);
  });
});

it('goes from any of these to any other, and has nothing left to do', () => {
  const plans: FrrDesired[] = [
    {},
    ...[tunnelPlan, gatewayPlan, nodePlan].map((bgp) => ({ bgp })),
    { bgp: { ...gatewayPlan, neighbors: [secondPeer] } },
    { bgp: { ...tunnelPlan, neighbors: [{ ...peer, families: [6], reach: 'connected' }] } },
  ];
  for (const before of plans) {
    for (const after of plans) {
      const frr = frrOf(before);
      for (const change of diffFrr(configOf(frr), after)) frr.apply(change);
      expect(diffFrr(configOf(frr), after).map(formatChange)).toEqual([]);
    }
  }
});
