import { describe, expect, it } from 'vitest';
import { parseAddress } from './address.ts';
import {
  comparePrefixes,
  containsAddress,
  containsPrefix,
  familyOf,
  formatPrefix,
  overlaps,
  type Prefix,
  parsePrefix,
} from './prefix.ts';

function prefix(text: string): Prefix {
  const parsed = parsePrefix(text);
  if (!parsed.ok) throw new Error(`${text} ${parsed.reason}`);
  return parsed.prefix;
}

describe('parsePrefix', () => {
  it.each([
    ['10.1.0.0/16', '10.1.0.0/16'],
    ['0.0.0.0/0', '0.0.0.0/0'],
    ['192.0.2.1/32', '192.0.2.1/32'],
    ['2001:DB8:0::/48', '2001:db8::/48'],
    ['::/0', '::/0'],
    ['::1/128', '::1/128'],
  ])('reads %s', (text, wanted) => {
    expect(formatPrefix(prefix(text))).toBe(wanted);
  });

  it.each([
    '10.1.0.0',
    '10.1.0.0/',
    '10.1.0.0/33',
    '10.1.0.0/016',
    '10.1.0.0/-1',
    '10.1.0.0/1e1',
    '10.1.0.0/16/16',
    '10.1/16',
    '/16',
    '::/129',
    'fe80::%eth0/64',
    '10.1.0.0 /16',
    '10.1.0.0/16\n',
  ])('refuses %j as malformed', (text) => {
    expect(parsePrefix(text)).toMatchObject({ ok: false, code: 'prefix/malformed' });
  });

  it.each([
    ['10.1.2.3/16', 'write 10.1.0.0/16 for the network or 10.1.2.3/32 for the host'],
    ['10.0.0.1/0', 'write 0.0.0.0/0 for the network or 10.0.0.1/32 for the host'],
    ['2001:DB8::5/32', 'write 2001:db8::/32 for the network or 2001:db8::5/128 for the host'],
  ])('says what %s can have meant', (text, hint) => {
    expect(parsePrefix(text)).toEqual({
      ok: false,
      code: 'prefix/host-bits',
      reason: 'has host bits set',
      hint,
    });
  });
});

describe('familyOf', () => {
  it.each([
    ['10.0.0.0/8', 4],
    ['192.0.2.1', 4],
    ['::/0', 6],
    ['2001:db8::1', 6],
    ['gw.example.com', undefined],
    ['', undefined],
  ])('of %j is %s', (text, family) => {
    expect(familyOf(text)).toBe(family);
  });
});

describe('relations', () => {
  it('hold between a prefix and what lies in it', () => {
    const outer = prefix('10.0.0.0/8');
    expect(containsPrefix(outer, prefix('10.255.0.0/16'))).toBe(true);
    expect(containsPrefix(outer, outer)).toBe(true);
    expect(containsPrefix(prefix('10.255.0.0/16'), outer)).toBe(false);
    expect(containsPrefix(outer, prefix('11.0.0.0/16'))).toBe(false);
    expect(overlaps(prefix('10.255.0.0/16'), outer)).toBe(true);
    expect(overlaps(prefix('10.0.0.0/9'), prefix('10.128.0.0/9'))).toBe(false);
  });

  it('never hold between families', () => {
    expect(overlaps(prefix('0.0.0.0/0'), prefix('::/0'))).toBe(false);
    const address = parseAddress('::1');
    expect(address !== undefined && containsAddress(prefix('0.0.0.0/0'), address)).toBe(false);
  });

  it('sort as numbers, IPv4 first, the larger of equal beginnings first', () => {
    const texts = ['::/0', '10.10.0.0/16', '10.2.0.0/16', '10.0.0.0/16', '10.0.0.0/8'];
    expect(texts.map(prefix).sort(comparePrefixes).map(formatPrefix)).toEqual([
      '10.0.0.0/8',
      '10.0.0.0/16',
      '10.2.0.0/16',
      '10.10.0.0/16',
      '::/0',
    ]);
  });
});
