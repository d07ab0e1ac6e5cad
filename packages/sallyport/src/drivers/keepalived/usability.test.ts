import { describe, expect, it } from 'vitest';
import {
  formatUsability,
  parseUsability,
  stepTowards,
  USABILITIES,
  usabilityOf,
} from './usability.ts';

describe('the file that keepalived tracks', () => {
  it.each(USABILITIES)('says %s so that it is read back', (usability) => {
    expect(parseUsability(formatUsability(usability))).toBe(usability);
  });

  it.each(['', '1\n', 'usable'])('says nothing with %j', (text) => {
    expect(parseUsability(text)).toBeUndefined();
  });

  it('takes an unusable host out of the election, and leaves the last resort in it', () => {
    expect(formatUsability('unusable')).toBe('-254\n');
    expect(formatUsability('last-resort')).toBe('-100\n');
    expect(formatUsability('drained')).toBe('-150\n');
  });
});

describe('a holder that comes into doubt', () => {
  it('gives up the addresses before it stands for election again', () => {
    expect(stepTowards('last-resort', 'usable', true)).toBe('unusable');
    expect(stepTowards('last-resort', 'unusable', true)).toBe('unusable');
    expect(stepTowards('last-resort', 'unusable', false)).toBe('last-resort');
  });

  it('gives them up once more when it is drained, and not when that is over', () => {
    expect(stepTowards('drained', 'last-resort', true)).toBe('unusable');
    expect(stepTowards('drained', 'drained', true)).toBe('drained');
    expect(stepTowards('last-resort', 'drained', true)).toBe('last-resort');
    expect(stepTowards('usable', 'drained', true)).toBe('usable');
  });

  it('keeps them while its tunnels come up again', () => {
    expect(stepTowards('presumed', 'usable', true)).toBe('presumed');
    expect(stepTowards('presumed', 'unusable', true)).toBe('presumed');
    expect(stepTowards('last-resort', 'presumed', true)).toBe('unusable');
  });

  it('keeps them where nobody else wanted them', () => {
    expect(stepTowards('last-resort', 'last-resort', true)).toBe('last-resort');
  });
});

it('a host without the addresses does at once what it is told', () => {
  for (const current of [...USABILITIES, undefined])
    for (const wanted of USABILITIES) expect(stepTowards(wanted, current, false)).toBe(wanted);
});

it('a master tells by its priority how fit it is', () => {
  expect(usabilityOf(200)).toBe('usable');
  expect(usabilityOf(190)).toBe('presumed');
  expect(usabilityOf(100)).toBe('last-resort');
});
