import { expect, it } from 'vitest';
import { formatWork, parseWork, type Work } from './work-request.ts';

const WORKS: readonly Work[] = [
  ...[{ verb: 'drain' }, { verb: 'wake' }, { verb: 'undrain' }, { verb: 'restore' }],
  { verb: 'rest', tunnel: 'sp.default.site.one' },
  ...[
    { verb: 'drill', seconds: 10 },
    { verb: 'drill', seconds: 600, tunnel: 'sp.default.site.one' },
  ],
] as const satisfies readonly Work[];

it.each(WORKS)('says $verb so that it is understood', (work) => {
  expect(parseWork(formatWork(work))).toEqual(work);
});

it.each([
  ...['', 'drain now', 'rest', 'rest a b', 'drill', 'drill 0', 'drill 601', 'drill 1.5'],
  ...['drill ten', 'drill 10 a b', 'undrain  ', 'report'],
])('takes %j for nothing of that', (line) => {
  expect(parseWork(line)).toBeUndefined();
});
