import { describe, expect, it } from 'vitest';
import { type Case, judge, outcome, secondHost, twoSites, vary, wanted } from '../testing.ts';

const STATIC = "routing: {static: {networks: [10.20.0.0/16, 'fd20::/48']}}";
const TUNNEL = '- remote: {address: 198.51.100.20}';
const INSIDE =
  "[{local: 169.254.10.2/30, remote: 169.254.10.1}, {local: 'fd00:10::2/126', remote: 'fd00:10::1'}]";

/** Two sites with BGP between them; `bgp`: further fields of the connection's. */
function speaking(bgp = '', inside = INSIDE, ...changes: [string, string][]): string {
  return vary(
    twoSites,
    ['  placement: {hosts: [gw1]}', '  placement: {hosts: [gw1]}\n  bgp: {asn: 65010}'],
    [TUNNEL, `${TUNNEL}\n      inside: ${inside}`],
    [STATIC, `routing: {bgp: {asn: 65020, accept: [10.20.0.0/16, 'fd20::/48']${bgp}}}`],
    ...changes,
  );
}

const IPV4_ONLY: [string, string] = [", 'fd20::/48'", ''];

const CASES: readonly Case[] = [
  {
    name: 'two ways of routing at once',
    text: speaking('', INSIDE, [
      'routing: {bgp',
      'routing: {static: {networks: [10.21.0.0/16]}, bgp',
    ]),
    expected: { code: 'connection/routing-choice', path: 'spec.routing' },
  },
  {
    name: 'no way of routing',
    text: vary(twoSites, [STATIC, 'routing: {}']),
    expected: {
      code: 'connection/routing-choice',
      message: 'says no way',
      hint: 'give exactly one of static, bgp',
    },
  },
  {
    name: 'a gateway that speaks no BGP',
    text: speaking('', INSIDE, ['  bgp: {asn: 65010}\n', '']),
    expected: { code: 'bgp/gateway-without-asn', path: 'spec.routing.bgp' },
  },
  {
    name: 'our own number on the other side',
    text: speaking('', INSIDE, ['asn: 65020', 'asn: 65010']),
    expected: { code: 'bgp/same-asn', path: 'spec.routing.bgp.asn', value: '65010' },
  },
  {
    name: 'a tunnel without addresses inside',
    text: speaking('', INSIDE, [`\n      inside: ${INSIDE}`, '']),
    expected: { code: 'bgp/missing-inside', path: 'spec.tunnels[0]' },
  },
  {
    name: "somebody else's network announced",
    text: speaking(', advertise: [10.99.0.0/16]'),
    expected: { code: 'bgp/advertises-foreign', path: 'spec.routing.bgp.advertise[0]' },
  },
  {
    name: 'the peer inside what is learned',
    text: speaking(', longestPrefix: {ipv4: 24}', INSIDE, ["'fd20::/48'", '198.51.100.0/24']),
    expected: { code: 'bgp/accepts-peer', path: 'spec.routing.bgp.accept[1]' },
  },
  {
    name: 'a hold time that ends before keepalives come',
    text: speaking(', timers: {keepaliveSeconds: 10, holdSeconds: 20}'),
    expected: {
      code: 'bgp/timers',
      path: 'spec.routing.bgp.timers.holdSeconds',
      hint: 'use 30 or more',
    },
  },
  {
    name: 'timers that Azure does not take',
    text: speaking(', timers: {keepaliveSeconds: 10, holdSeconds: 30}', INSIDE, [
      '  gateway: edge\n',
      '  gateway: edge\n  provider: azure\n',
    ]),
    expected: { code: 'bgp/timers', path: 'spec.routing.bgp.timers' },
  },
  {
    name: 'BFD with a cloud that has none',
    text: speaking(', bfd: {}', INSIDE, [
      '  gateway: edge\n',
      '  gateway: edge\n  provider: aws\n',
    ]),
    expected: { code: 'bgp/no-bfd', path: 'spec.routing.bgp.bfd' },
  },
  {
    name: 'a password that no Secret has',
    text: speaking(', password: nowhere'),
    expected: {
      code: 'connection/unknown-secret',
      path: 'spec.routing.bgp.password',
      message: 'is not the name of a Secret',
    },
  },
  {
    name: 'ends in two subnets',
    text: speaking('', '[{local: 169.254.10.2/30, remote: 169.254.10.9}]', IPV4_ONLY),
    expected: {
      code: 'tunnel/inside-pair',
      path: 'spec.tunnels[0].inside[0].remote',
      message: 'does not lie in 169.254.10.0/30, the subnet of our end',
    },
  },
  {
    name: 'ends of two families',
    text: speaking('', "[{local: 169.254.10.2/30, remote: 'fd00::1'}]"),
    expected: { code: 'tunnel/inside-pair', path: 'spec.tunnels[0].inside[0].remote' },
  },
  {
    name: 'one address at both ends',
    text: speaking('', '[{local: 169.254.10.2/30, remote: 169.254.10.2}]', IPV4_ONLY),
    expected: { code: 'tunnel/inside-pair', message: 'is our own address' },
  },
  {
    name: 'two pairs of one family',
    text: speaking(
      '',
      '[{local: 169.254.10.2/30, remote: 169.254.10.1}, {local: 169.254.11.2/30, remote: 169.254.11.1}]',
      IPV4_ONLY,
    ),
    expected: { code: 'tunnel/inside-pair', path: 'spec.tunnels[0].inside[1].local' },
  },
  {
    name: 'one subnet in two tunnels',
    text: speaking('', INSIDE, [
      '  auth:',
      `    - {name: second, remote: {address: 198.51.100.21}, inside: [{local: 169.254.10.2/30, remote: 169.254.10.1}, {local: 'fd00:11::2/126', remote: 'fd00:11::1'}]}\n  auth:`,
    ]),
    expected: { code: 'tunnel/inside-overlap', path: 'spec.tunnels[1].inside[0].local' },
  },
  {
    name: 'one other end in two tunnels',
    text: speaking(
      '',
      "[{local: 169.254.10.2/32, remote: 10.255.0.30}, {local: 'fd00::2/126', remote: 'fd00::1'}]",
      [
        '  auth:',
        "    - {name: second, remote: {address: 198.51.100.21}, inside: [{local: 169.254.11.2/32, remote: 10.255.0.30}, {local: 'fd01::2/126', remote: 'fd01::1'}]}\n  auth:",
      ],
    ),
    expected: {
      code: 'tunnel/inside-overlap',
      path: 'spec.tunnels[1].inside[0].remote',
      message: 'is the other end inside partner-a tunnel main on the same host, too',
    },
  },
  {
    name: 'IPv6 networks without an IPv6 address inside',
    text: speaking('', '[{local: 169.254.10.2/30, remote: 169.254.10.1}]'),
    expected: { code: 'bgp/inside-family', path: 'spec.tunnels[0].inside' },
  },
  {
    name: 'IPv6 networks that are told without an IPv6 address inside',
    text: speaking(
      ", advertise: ['fd10::/48']",
      '[{local: 169.254.10.2/30, remote: 169.254.10.1}]',
      [", 'fd20::/48'", ''],
    ),
    expected: { code: 'bgp/inside-family', path: 'spec.tunnels[0].inside' },
  },
  {
    name: 'a loss of gateways that BFD tells',
    text: speaking(', onGatewayLoss: more-specifics, bfd: {}'),
    expected: {
      code: 'bgp/gateway-loss-by-bfd',
      severity: 'warning',
      path: 'spec.routing.bgp.onGatewayLoss',
    },
  },
];

describe('checkBgp and checkInside', () => {
  it.each(CASES)('report $name', (example) => {
    expect(outcome(example)).toEqual(wanted(example));
  });

  it('let pass what speaks, also without a subnet inside', () => {
    expect(judge(speaking()).problems).toEqual([]);
    const alone =
      "[{local: 169.254.10.2/32, remote: 10.255.0.30}, {local: 'fd00::2/128', remote: 'fd00:9::1'}]";
    expect(judge(speaking('', alone)).problems).toEqual([]);
  });

  it('let two connections tell of one network', () => {
    const [, connection = ''] = /(---\napi[^-]*Connection[\s\S]*?\n)(?=---)/.exec(speaking()) ?? [];
    const other = connection
      .replace('partner-a', 'partner-b')
      .replace('198.51.100.20', '198.51.100.21')
      .replaceAll('169.254.10.', '169.254.20.')
      .replaceAll('fd00:10::', 'fd00:20::');
    const two = `${speaking()}${other}`;
    expect(two).toContain('partner-b');
    expect(judge(two).problems).toEqual([]);
  });

  it('leave hosts that are not clear to others', () => {
    const { problems } = judge(speaking('', INSIDE, ['[gw1]', '[gw1, gw2]']) + secondHost);
    expect(problems.map(({ code }) => code)).toEqual(['tunnel/missing-host']);
  });
});
