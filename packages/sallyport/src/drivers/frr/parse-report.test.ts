/** What FRR 8.4.4 has printed, and what another one might. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  parseAddresses,
  parseAdvertised,
  parseBfdPeers,
  parseNeighbors,
  parseReceived,
  parseRouteCounts,
  parseRoutes,
} from './parse-report.ts';

function printed(name: string): string {
  return readFileSync(new URL(`testdata/frr-8.4.4-${name}`, import.meta.url), 'utf8');
}

describe('a session', () => {
  it('that is up tells since when, and what both sides have agreed on', () => {
    expect(parseNeighbors(printed('neighbors-two.json'))).toEqual([
      {
        address: '169.254.10.1',
        state: 'established',
        asn: 65_002,
        establishedSince: expect.stringMatching(/^2026-.*Z$/) as string,
        timesEstablished: 1,
        timesLost: 0,
        updatesSent: 16,
        holdSeconds: 9,
        keepaliveSeconds: 3,
        families: [
          { family: 4, received: 2, accepted: 2, advertised: 1, limit: 100 },
          { family: 6, received: 1, accepted: 1, advertised: 1, limit: 100 },
        ],
      },
      expect.objectContaining({ address: '2001:db8:a::1', state: 'established' }),
    ]);
  });

  it('that BFD has ended tells so', () => {
    expect(parseNeighbors(printed('neighbors-cut.json'))).toMatchObject([
      {
        timesEstablished: 1,
        timesLost: 1,
        families: [],
        lastReset: { reason: 'BGP Notification send', notification: 'Cease/BFD Down' },
      },
    ]);
  });

  it('that was ended for too many prefixes tells so', () => {
    expect(parseNeighbors(printed('neighbors-limit.json'))).toMatchObject([
      {
        state: 'idle',
        lastReset: { notification: 'Cease/Maximum Number of Prefixes Reached' },
      },
    ]);
  });

  it('that is switched off is not merely idle', () => {
    expect(parseNeighbors(printed('neighbors-stopped.json'))).toMatchObject([{ state: 'stopped' }]);
  });

  it('that only waits has not been reset for it', () => {
    const row = { connectionsDropped: 3, lastResetDueTo: 'Waiting for peer OPEN' };
    expect(parseNeighbors(JSON.stringify({ '192.0.2.1': row }))).toEqual([
      {
        address: '192.0.2.1',
        state: 'idle',
        asn: 0,
        timesEstablished: 0,
        timesLost: 3,
        updatesSent: 0,
        families: [],
      },
    ]);
  });

  it.each([
    ['Connect', 'connect'],
    ['OpenSent', 'open-sent'],
    ['Clearing', 'idle'],
  ])('in state %s is in state %s', (bgpState, state) => {
    const text = JSON.stringify({ '192.0.2.1': { bgpState } });
    expect(parseNeighbors(text)).toMatchObject([{ state }]);
  });

  it('without what we ask for still is one', () => {
    const bgpState = 'Established';
    const row = {
      bgpState,
      addressFamilyInfo: { ipv4Unicast: {} },
      lastResetDueTo: 'x',
      connectionsDropped: 1,
    };
    expect(parseNeighbors(JSON.stringify({ '192.0.2.1': row, '192.0.2.2': 7 }))).toEqual([
      {
        address: '192.0.2.1',
        state: 'established',
        asn: 0,
        timesEstablished: 0,
        timesLost: 1,
        updatesSent: 0,
        families: [{ family: 4, received: 0, accepted: 0, advertised: 0 }],
        lastReset: { reason: 'x', secondsAgo: 0 },
      },
    ]);
  });
});

describe('BFD', () => {
  it('tells what both sides have agreed on', () => {
    expect(parseBfdPeers(printed('bfd-up.json')).get('169.254.10.1')).toEqual({
      state: 'up',
      transmitMilliseconds: 300,
      detectMilliseconds: 900,
    });
  });

  it('tells why it is down', () => {
    expect(parseBfdPeers(printed('bfd-cut.json')).get('169.254.10.1')).toMatchObject({
      state: 'down',
      diagnostic: 'control detection time expired',
    });
  });

  it('is decided by the slower side, and the other one’s multiplier', () => {
    const row = {
      ...{ peer: '192.0.2.1', status: 'init', 'receive-interval': 100, 'transmit-interval': 100 },
      ...{ 'remote-receive-interval': 1_000, 'remote-transmit-interval': 500 },
      'remote-detect-multiplier': 5,
    };
    expect(parseBfdPeers(JSON.stringify([row, 'x', {}])).get('192.0.2.1')).toEqual({
      state: 'init',
      transmitMilliseconds: 1_000,
      detectMilliseconds: 2_500,
    });
  });
});

describe('what was learned', () => {
  it('is counted', () => {
    expect(parseRouteCounts(printed('route-summary.json'))).toEqual({ total: 2, installed: 2 });
    expect(parseReceived(printed('prefix-counts.json'))).toBe(8);
  });

  it('has its next hops', () => {
    const nextHops = ['169.254.10.1', expect.stringMatching(/^fe80:/)];
    expect(parseRoutes(printed('routes-4.json'))).toEqual([
      { prefix: '10.50.0.0/24', nextHops, installed: true },
      { prefix: '10.51.0.0/16', nextHops, installed: true },
    ]);
    expect(parseRoutes(printed('routes-6.json'))).toEqual([
      { prefix: '2001:db8:50::/64', nextHops: ['2001:db8:a::1'], installed: true },
    ]);
  });

  it('tells where it is not in the kernel, and leaves out what leads nowhere', () => {
    const hop = { ip: '192.0.2.1' };
    const text = JSON.stringify({
      '10.2.0.0/16': [{ nexthops: [hop] }],
      '10.1.0.0/16': [{ installed: true, nexthops: [hop, { interfaceName: 'tun', fib: true }, 1] }],
      nonsense: [{}],
      empty: [],
      odd: 3,
    });
    expect(parseRoutes(text)).toEqual(
      expect.arrayContaining([
        { prefix: '10.1.0.0/16', nextHops: ['tun'], installed: true },
        { prefix: '10.2.0.0/16', nextHops: ['192.0.2.1'], installed: false },
        { prefix: 'nonsense', nextHops: [], installed: false },
      ]),
    );
  });
});

it('what a neighbour is told is sorted as numbers are', () => {
  expect(parseAdvertised(printed('advertised.json'))).toEqual(['10.50.0.0/24', '10.111.0.0/24']);
});

it('addresses of the host are those of all its interfaces', () => {
  const text = printed('interfaces.json');
  expect([...parseAddresses(text)]).toEqual(['10.20.0.11', '2001:db8:20::11', '169.254.10.2']);
});

it.each(['', '{', 'null', '7', '% BGP instance not found', '[]'])('nothing comes of %j', (text) => {
  expect(parseNeighbors(text)).toEqual([]);
  expect([...parseBfdPeers(text)]).toEqual([]);
  expect([...parseAddresses(text)]).toEqual([]);
  expect(parseAdvertised(text)).toEqual([]);
  expect(parseRoutes(text)).toEqual([]);
  expect(parseReceived(text)).toBeUndefined();
  expect(parseRouteCounts(text)).toEqual({ total: 0, installed: 0 });
});
