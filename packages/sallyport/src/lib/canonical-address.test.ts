import { describe, expect, it } from 'vitest';
import { canonicalAddress, canonicalPrefix } from './canonical-address.ts';

describe('one spelling', () => {
  it.each([
    ['2001:DB8:0::1', '2001:db8::1'],
    ['::ffff:0a00:1', '::ffff:10.0.0.1'],
    ['10.0.0.1', '10.0.0.1'],
    ['ipsec0', 'ipsec0'],
  ])('writes the address %s as %s', (text, canonical) => {
    expect(canonicalAddress(text)).toBe(canonical);
  });

  it.each([
    ['FD02:0::/16', 'fd02::/16'],
    ['10.0.0.0/8', '10.0.0.0/8'],
    ['default', 'default'],
  ])('writes the prefix %s as %s', (text, canonical) => {
    expect(canonicalPrefix(text)).toBe(canonical);
  });
});
