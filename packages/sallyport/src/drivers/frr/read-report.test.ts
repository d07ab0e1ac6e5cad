import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import type { BgpReport } from '../../status/bgp-report.ts';
import { parseBgpConfig } from './parse-config.ts';
import { parseObject } from './parse-report.ts';
import { AdvertisedReader } from './read-advertised.ts';
import { readReport, type Showers } from './read-report.ts';
import { NO_CONFIG, type ObservedFrr } from './state.ts';

const { signal } = new AbortController();

function printed(name: string): string {
  return readFileSync(new URL(`testdata/frr-8.4.4-${name}`, import.meta.url), 'utf8');
}

/** Answers by the beginning of the command; throws where it knows none. */
function showers(
  answers: Readonly<Record<string, string>>,
): Showers & { readonly asked: string[] } {
  const asked: string[] = [];
  const shower = {
    show: (command: string): Promise<string> => {
      asked.push(command);
      const known = Object.keys(answers).find((beginning) => command.startsWith(beginning));
      if (known === undefined) throw new Error(`not known: ${command}`);
      return Promise.resolve(answers[known] ?? '');
    },
  };
  return { zebra: shower, bfdd: shower, bgpd: shower, asked };
}

const OBSERVED: Pick<ObservedFrr, 'version' | 'config'> = {
  version: '8.4.4',
  config: { ...NO_CONFIG, ...parseBgpConfig(printed('bgpd.conf')) },
};
function read(
  from: Showers,
  observed: Pick<ObservedFrr, 'version' | 'config'>,
): Promise<BgpReport | undefined> {
  return readReport(from, observed, new AdvertisedReader(from.bgpd), signal);
}

const ANSWERS = {
  'show bgp ipv4 unicast neighbors 169.254.10.1 advertised-routes': printed('advertised.json'),
  'show bgp neighbors json': printed('neighbors-two.json'),
  'show bfd peers json': printed('bfd-up.json'),
  'show bgp ipv4 unicast neighbors': printed('prefix-counts.json'),
  'show bgp ipv6 unicast neighbors': '{}',
  'show ip route summary table 8305 json': printed('route-summary.json'),
  'show ipv6 route summary table 8305 json': '{"routesTotal":1,"routesTotalFib":0}',
  'show ip route table 8305 json': printed('routes-4.json'),
  'show ipv6 route table 8305 json': printed('routes-6.json'),
};

it('joins what the three daemons tell', async () => {
  const report = await read(showers(ANSWERS), OBSERVED);
  expect(report).toMatchObject({
    version: '8.4.4',
    asn: 65_001,
    routerId: '192.0.2.1',
    sessions: [
      {
        address: '169.254.10.1',
        description: 'default/stranger/a',
        families: [
          {
            ...{ family: 4, received: 8, accepted: 2 },
            advertisedPrefixes: ['10.50.0.0/24', '10.111.0.0/24'],
          },
          { family: 6, received: 1, advertisedPrefixes: [] },
        ],
        bfd: { state: 'up' },
      },
      { address: '2001:db8:a::1', description: 'default/stranger/b' },
    ],
    learned: { total: 3, installed: 2 },
  });
  expect(report?.sessions[1]).not.toHaveProperty('bfd');
  expect(report?.sessions[0]).not.toHaveProperty('updatesSent');
  expect(report?.learned.prefixes).toHaveLength(3);
});

it('asks by themselves only for neighbours outside: of others all is accepted', async () => {
  const [neighbor] = Object.values(parseObject(printed('neighbors-reflectors.json')));
  const callers = Object.fromEntries(
    Array.from({ length: 1_000 }, (_, index) => [`10.9.${index >> 8}.${index & 255}`, neighbor]),
  );
  const many = showers({
    ...ANSWERS,
    'show bgp neighbors json': JSON.stringify(callers),
  });
  const report = await read(many, OBSERVED);
  expect(report?.sessions[0]?.families).toMatchObject([{ received: 3, accepted: 3 }]);
  expect(many.asked.filter((command) => /prefix-counts|advertised/.test(command))).toEqual([]);
});

it('only counts what would be too much to list', async () => {
  const counts = '{"routesTotal":10000,"routesTotalFib":9000}';
  const many = showers({ ...ANSWERS, 'show ip route summary table 8305 json': counts });
  const report = await read(many, OBSERVED);
  expect(report?.learned).toEqual({ total: 10_001, installed: 9_000 });
  expect(many.asked).not.toContain('show ip route table 8305 json');
});

it('is nothing where no BGP is configured', async () => {
  const observed = { version: '8.4.4', config: NO_CONFIG };
  expect(await read(showers({}), observed)).toBeUndefined();
});
