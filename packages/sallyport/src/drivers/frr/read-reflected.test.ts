import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parsePaths, parseSessions, readPaths, readSessions } from './read-reflected.ts';

const captured = (name: string): string =>
  readFileSync(new URL(`testdata/frr-8.4.4-${name}.json`, import.meta.url), 'utf8');

describe('parseSessions', () => {
  it('tells which neighbours have told all that they knew', () => {
    expect(parseSessions(captured('neighbors-reflectors'))).toEqual([
      { address: '10.20.0.1', complete: [4], updates: 2 },
      { address: '10.20.0.2', complete: [4], updates: 2 },
      { address: 'fd20::1', complete: [6], updates: 2 },
      { address: 'fd20::2', complete: [6], updates: 2 },
    ]);
  });

  it('takes no word of a session that ended', () => {
    expect(parseSessions(captured('neighbors-cut')).map(({ complete }) => complete)).toEqual([[]]);
  });

  it('finds nothing in what is no answer', () => {
    expect(parseSessions('{"10.0.0.1": 5, "10.0.0.2": {}}')).toEqual([
      { address: '10.0.0.2', complete: [], updates: 0 },
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

it('asks bgpd for sessions, and for paths of the families that are wanted', async () => {
  const asked: string[] = [];
  const bgpd = {
    show: (command: string) => {
      asked.push(command);
      return Promise.resolve(command.includes('neighbors') ? '{}' : captured('paths-4'));
    },
  };
  const { signal } = new AbortController();
  expect(await readSessions(bgpd, signal)).toEqual([]);
  expect(await readPaths(bgpd, [4, 6], signal)).toHaveLength(10);
  expect(asked).toEqual([
    'show bgp neighbors json',
    'show bgp ipv4 unicast json',
    'show bgp ipv6 unicast json',
  ]);
});
