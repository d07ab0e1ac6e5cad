import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { PathReader, parsePaths, parseSessions, StateReader } from './read-reflected.ts';

const captured = (name: string): string =>
  readFileSync(new URL(`testdata/frr-8.4.4-${name}.json`, import.meta.url), 'utf8');

describe('parseSessions', () => {
  it('tells which neighbours have told all that they knew', () => {
    expect(parseSessions(captured('neighbors-reflectors'))).toEqual([
      { address: '10.20.0.1', complete: [4], updates: 2, accepted: 3 },
      { address: '10.20.0.2', complete: [4], updates: 2, accepted: 2 },
      { address: 'fd20::1', complete: [6], updates: 2, accepted: 1 },
      { address: 'fd20::2', complete: [6], updates: 2, accepted: 1 },
    ]);
  });

  it('takes no word of a session that ended', () => {
    expect(parseSessions(captured('neighbors-cut')).map(({ complete }) => complete)).toEqual([[]]);
  });

  it('finds nothing in what is no answer', () => {
    expect(parseSessions('{"10.0.0.1": 5, "10.0.0.2": {}}')).toEqual([
      { address: '10.0.0.2', complete: [], updates: 0, accepted: 0 },
    ]);
    expect(parseSessions('% unknown')).toEqual([]);
  });
});

describe('parsePaths', () => {
  it('has the best path of each prefix, and those as good', () => {
    expect(parsePaths(captured('paths-4'))).toEqual([
      { prefix: '10.50.0.0/24', speaker: '10.20.0.2', nextHop: '10.20.0.2' },
      { prefix: '10.50.0.0/24', speaker: '10.20.0.1', nextHop: '10.20.0.1' },
      { prefix: '10.50.1.0/24', speaker: '10.20.0.2', nextHop: '10.20.0.2' },
      { prefix: '10.50.1.0/24', speaker: '10.20.0.1', nextHop: '10.20.0.1' },
      { prefix: '10.50.2.0/24', speaker: '10.20.0.1', nextHop: '10.20.0.1' },
    ]);
  });

  it('leaves out worse paths, and what has no neighbour', () => {
    const routes = {
      '10.0.0.0/8': [{ valid: true, peerId: '10.20.0.1' }, { bestpath: true }, 7],
      '10.1.0.0/16': [{ bestpath: true, peerId: '10.20.0.1' }],
    };
    expect(parsePaths(JSON.stringify({ routes }))).toEqual([
      { prefix: '10.1.0.0/16', speaker: '10.20.0.1', nextHop: '10.20.0.1' },
    ]);
    expect(parsePaths('')).toEqual([]);
  });
});

describe('StateReader', () => {
  const peer = { state: 'Established', connectionsEstablished: 1, msgRcvd: 9, pfxRcd: 3 };
  const summaryOf = (changed: object): string =>
    JSON.stringify({
      ipv4Unicast: { tableVersion: 7, peers: { '10.20.0.1': { ...peer, ...changed } } },
      ipv6Unicast: { tableVersion: 3 },
    });

  it.each([{ msgRcvd: 10 }, { state: 'Idle' }, { connectionsEstablished: 2 }, { pfxRcd: 4 }])(
    'asks for sessions where one has news: %o',
    async (changed) => {
      let summary = summaryOf({ peerUptimeMsec: 1 });
      const asked: string[] = [];
      const reader = new StateReader({
        show: (command) => {
          asked.push(command);
          return Promise.resolve(
            command.includes('summary') ? summary : captured('neighbors-reflectors'),
          );
        },
      });
      const { signal } = new AbortController();
      const first = await reader.read(signal);
      expect(first.tableVersions).toEqual([7, 3]);
      expect(first.sessions).toHaveLength(4);
      summary = summaryOf({ peerUptimeMsec: 2 });
      expect(await reader.read(signal)).toEqual(first);
      expect(asked).toEqual([
        ...['show bgp summary json', 'show bgp neighbors json', 'show bgp summary json'],
      ]);
      summary = summaryOf(changed);
      await reader.read(signal);
      expect(asked.slice(3)).toEqual(['show bgp summary json', 'show bgp neighbors json']);
    },
  );
});

it('asks bgpd for paths of the families that are wanted', async () => {
  const asked: string[] = [];
  const bgpd = {
    show: (command: string) => {
      asked.push(command);
      return Promise.resolve(captured('paths-4'));
    },
  };
  const { signal } = new AbortController();
  const paths = new PathReader(bgpd);
  expect(await paths.read([4, 6], signal)).toHaveLength(10);
  expect(asked).toEqual([
    'show work-queues',
    ...['show bgp ipv4 unicast json', 'show bgp ipv6 unicast json'],
  ]);
  expect(await paths.read([4, 6], signal)).toBe(await paths.read([4, 6], signal));
});

/** As FRR 8.4.4 prints it; `P` is a queue that stands still. */
const queues = (items: number): string => `Work queue statistics for bgpd:
      List (ms)   Q. Runs   Yields       Cycle Counts   
P    Items  Hold    Total    Total    Best  Gran.    Total   Avg. Name
         7    50        0        0       0      1        0      0 label callbacks
${String(items).padStart(10)}    50        1        0       1      1        1      1 process_queue (null)
P        9    50        0        0       0      1        0      0 rfapi deferred close
`;

it('paths are read when bgpd has chosen them', async () => {
  const answers = [queues(20_000), queues(1), queues(0)];
  const asked: string[] = [];
  const bgpd = {
    show: (command: string) => {
      asked.push(command);
      return Promise.resolve(answers.shift() ?? captured('paths-4'));
    },
  };
  const { signal } = new AbortController();
  expect(await new PathReader(bgpd).read([4], signal)).toHaveLength(5);
  expect(asked).toEqual([
    ...['show work-queues', 'show work-queues', 'show work-queues'],
    'show bgp ipv4 unicast json',
  ]);
});
