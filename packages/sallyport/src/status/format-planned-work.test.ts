import { expect, it } from 'vitest';
import { formatPlannedWork } from './format-planned-work.ts';
import { report } from './testing/reports.ts';

const NOON = '2026-06-01T12:00:00.000Z';

it('says nothing where nothing is planned', () => {
  expect(formatPlannedWork(report, NOON)).toEqual([]);
});

it('says how long a host is drained, and a drill goes on', () => {
  const drain = { since: '2026-06-01T11:58:00.000Z', resting: [] };
  const drill = { tunnels: ['sp.default.site.one'], until: '2026-06-01T12:00:10.000Z' };
  expect(formatPlannedWork({ ...report, drain, drill }, NOON)).toEqual([
    '  DRAINED for 2m: others are preferred to this host',
    '  DRILL for 10s more: sp.default.site.one taken out',
  ]);
  const [line] = formatPlannedWork({ ...report, drain: { ...drain, resting: ['a', 'b'] } }, NOON);
  expect(line).toMatch(/; BGP has ended inside a, b$/);
});
