import { describe, expect, it } from 'vitest';
import { formatAddress, parseAddress } from './address.ts';

function canonical(text: string): string | undefined {
  const address = parseAddress(text);
  return address === undefined ? undefined : formatAddress(address);
}

describe('parseAddress', () => {
  it.each([
    ['0.0.0.0', 4, 0n],
    ['192.0.2.1', 4, 0xc0000201n],
    ['255.255.255.255', 4, 0xffff_ffffn],
    ['::', 6, 0n],
    ['::1', 6, 1n],
    ['1::', 6, 1n << 112n],
    ['1:2:3:4:5:6:7::', 6, 0x0001_0002_0003_0004_0005_0006_0007_0000n],
    ['2001:DB8::A', 6, 0x2001_0db8_0000_0000_0000_0000_0000_000an],
    ['::ffff:192.0.2.1', 6, 0xffff_c000_0201n],
    ['64:ff9b::192.0.2.33', 6, 0x0064_ff9b_0000_0000_0000_0000_c000_0221n],
    ['1:2:3:4:5:6:192.0.2.1', 6, 0x0001_0002_0003_0004_0005_0006_c000_0201n],
  ] as const)('reads %s', (text, family, value) => {
    expect(parseAddress(text)).toEqual({ family, value });
  });

  it.each([
    '',
    '1.2.3',
    '1.2.3.4.5',
    '1.2.3.256',
    '1.2.3.',
    '01.2.3.4',
    '1.2.3.-4',
    '0x1.2.3.4',
    ' 1.2.3.4',
    '1.2.3.4\n',
    '१.2.3.4',
    ':',
    ':::',
    '1::2::3',
    ':1::2',
    '1::2:',
    '12345::',
    'g::',
    '1:2:3:4:5:6:7',
    '1:2:3:4:5:6:7:8:9',
    '1:2:3:4:5:6:7:8::',
    '::1:2:3:4:5:6:7:8',
    '1.2.3.4::',
    '::1.2.3',
    '::01.2.3.4',
    '::1.2.3.4:5',
    '1:2:3:4:5:6:7:1.2.3.4',
    'fe80::1%eth0',
    '[::1]',
    '::/0',
    'localhost',
  ])('refuses %j', (text) => {
    expect(parseAddress(text)).toBeUndefined();
  });
});

describe('formatAddress', () => {
  // RFC 5952 §4 and §5, case by case.
  it.each([
    ['2001:0db8::0001', '2001:db8::1'],
    ['2001:db8:0:0:0:0:2:1', '2001:db8::2:1'],
    ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
    ['2001:0:0:1:0:0:0:1', '2001:0:0:1::1'],
    ['2001:db8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
    ['2001:DB8::ABCD', '2001:db8::abcd'],
    ['0:0:0:0:0:0:0:0', '::'],
    ['1:0:0:0:0:0:0:0', '1::'],
    ['0:0:0:0:0:ffff:c000:201', '::ffff:192.0.2.1'],
    ['::c000:201', '::c000:201'],
    ['010::', '10::'],
  ])('writes %s as %s', (text, wanted) => {
    expect(canonical(text)).toBe(wanted);
  });
});
