import { describe, expect, it } from 'vitest';
import type { NeighborReading } from './parse-report.ts';
import { AdvertisedReader } from './read-advertised.ts';

const { signal } = new AbortController();
const PREFIXES = Array.from({ length: 30 }, (_, index) => `10.${index}.0.0/16`);

function neighbor(advertised: number, changed: Partial<NeighborReading> = {}): NeighborReading {
  return {
    ...{ address: '169.254.10.1', asn: 65_002, state: 'established' },
    ...{ timesEstablished: 1, timesLost: 0, updatesSent: 5 },
    families: [{ family: 4, received: 0, accepted: 0, advertised }],
    ...changed,
  };
}

function reader(): { readonly reader: AdvertisedReader; readonly asked: string[] } {
  const asked: string[] = [];
  const show = (command: string): Promise<string> => {
    asked.push(command);
    const advertisedRoutes = Object.fromEntries(PREFIXES.map((prefix) => [prefix, {}]));
    return Promise.resolve(JSON.stringify({ advertisedRoutes }));
  };
  return { reader: new AdvertisedReader({ show }), asked };
}

describe('what a neighbour is told', () => {
  it('is named as far as a report goes', async () => {
    const { reader: one, asked } = reader();
    const told = await one.read([neighbor(30)], signal);
    expect([...told]).toEqual([['169.254.10.1 4', PREFIXES.slice(0, 20)]]);
    expect(asked).toEqual(['show bgp ipv4 unicast neighbors 169.254.10.1 advertised-routes json']);
  });

  it.each([
    ['nothing was told since', neighbor(30), 1],
    ['more was told, and as much withdrawn', neighbor(30, { updatesSent: 6 }), 2],
    ['it is another session', neighbor(30, { timesEstablished: 2 }), 2],
    ['the session is down', neighbor(30, { families: [] }), 1],
    ['it is too much to list', neighbor(501), 1],
  ])('is asked for again, or not, where %s', async (_what, now, times) => {
    const { reader: one, asked } = reader();
    await one.read([neighbor(30)], signal);
    const told = await one.read([now], signal);
    expect(asked).toHaveLength(times);
    expect(told.size).toBe(
      now.families.length === 0 || now.families[0]?.advertised === 501 ? 0 : 1,
    );
  });
});
