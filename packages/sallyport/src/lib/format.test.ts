import { describe, expect, it } from 'vitest';
import { formatBytes, formatDuration } from './format.ts';

describe('formatDuration', () => {
  it.each([
    [-5, '0s'],
    [0, '0s'],
    [0.9, '0s'],
    [59, '59s'],
    [60, '1m'],
    [200, '3m 20s'],
    [3_600, '1h'],
    [3_605, '1h'],
    [7_500, '2h 5m'],
    [86_400, '1d'],
    [356_400, '4d 3h'],
    [86_400 * 400, '400d'],
  ])('writes %d seconds as %s', (seconds, text) => {
    expect(formatDuration(seconds)).toBe(text);
  });
});

describe('formatBytes', () => {
  it.each([
    [0, '0 B'],
    [1_023, '1023 B'],
    [1_024, '1.0 KiB'],
    [1_536, '1.5 KiB'],
    [1_048_524, '1023.9 KiB'],
    [1_048_575, '1.0 MiB'],
    [20 * 2 ** 30, '20.0 GiB'],
    [2 ** 50, '1.0 PiB'],
    [Number.MAX_SAFE_INTEGER, '8.0 PiB'],
    [2 ** 61, '2048.0 PiB'],
  ])('writes %d as %s', (bytes, text) => {
    expect(formatBytes(bytes)).toBe(text);
  });
});
