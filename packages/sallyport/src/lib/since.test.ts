import { describe, expect, it } from 'vitest';
import { parseSince } from './since.ts';

const NOW = Date.parse('2026-06-01T12:00:00Z');

describe('parseSince', () => {
  it.each([
    ['90s', '2026-06-01T11:58:30Z'],
    ['15m', '2026-06-01T11:45:00Z'],
    ['1h30m', '2026-06-01T10:30:00Z'],
    ['2d', '2026-05-30T12:00:00Z'],
    ['1w', '2026-05-25T12:00:00Z'],
    ['0s', '2026-06-01T12:00:00Z'],
    ['2026-06-01', '2026-06-01T00:00:00Z'],
    ['2026-06-01T09:30Z', '2026-06-01T09:30:00Z'],
    ['2026-06-01 09:30:00z', '2026-06-01T09:30:00Z'],
    ['2026-06-01T09:30:00.5+02:00', '2026-06-01T07:30:00.5Z'],
  ])('reads %s', (text, time) => {
    expect(parseSince(text, NOW)).toBe(Date.parse(time));
  });

  it.each([
    '',
    'yesterday',
    '5',
    '5x',
    '-5m',
    '1.5h',
    '2026-13-01',
    '2026-06-01T25:00:00Z',
    '12:00',
  ])('takes "%s" for neither', (text) => {
    expect(parseSince(text, NOW)).toBeUndefined();
  });
});
