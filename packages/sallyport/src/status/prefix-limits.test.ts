import { expect, it } from 'vitest';
import type { BgpReport } from './bgp-report.ts';
import { limitProblems } from './prefix-limits.ts';
import { bgp, established } from './testing/reports.ts';

const telling = (received: number, limit?: number): BgpReport => ({
  ...bgp,
  sessions: [
    {
      ...established,
      families: [
        {
          ...{ family: 4, received, accepted: 0, advertised: 1 },
          ...(limit === undefined ? {} : { limit }),
        },
      ],
    },
  ],
});

it('warns before a neighbour tells so much that its session ends', () => {
  const [problem, ...more] = limitProblems(telling(81, 100));
  expect([problem?.code, problem?.severity, more]).toEqual(['routing/limit-near', 'warning', []]);
  expect(problem?.message).toContain('more than 80 percent of the 100 prefixes of IPv4');
  expect(limitProblems(telling(95, 100))).toEqual([problem]);
});

it.each([
  { what: 'there is room', report: telling(80, 100) },
  { what: 'nothing limits it', report: telling(100_000) },
  { what: 'nobody speaks BGP', report: undefined },
])('says nothing where $what', ({ report }) => {
  expect(limitProblems(report)).toEqual([]);
});
