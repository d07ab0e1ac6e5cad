/** Against a second implementation, ipaddr.js. */
import fc from 'fast-check';
import ipaddr from 'ipaddr.js';
import { expect, it } from 'vitest';
import {
  type Address,
  containsAddress,
  formatAddress,
  formatPrefix,
  type Prefix,
  parseAddress,
  parsePrefix,
  splitPrefix,
  toPrefix,
  widthOf,
} from './prefix.ts';

const ipv6 = fc.oneof(
  fc.bigInt({ min: 0n, max: (1n << 128n) - 1n }),
  // Runs of zeros are what the canonical form is about.
  fc
    .array(fc.constantFrom(0n, 0n, 1n, 0xabcn, 0xffffn), { minLength: 8, maxLength: 8 })
    .map((groups) => groups.reduce<bigint>((value, group) => (value << 16n) | group, 0n)),
);

const address: fc.Arbitrary<Address> = fc.oneof(
  fc.bigInt({ min: 0n, max: 0xffff_ffffn }).map((value): Address => ({ family: 4, value })),
  ipv6.map((value): Address => ({ family: 6, value })),
);

const prefix: fc.Arbitrary<Prefix> = address.chain((one) =>
  fc.nat({ max: widthOf(one.family) }).map((length) => toPrefix(one, length)),
);

/** RFC 5952 §5 is for known prefixes only: the oracle writes mapped addresses in hex. */
function isMapped({ family, value }: Address): boolean {
  return family === 6 && value >> 32n === 0xffffn;
}

it('formats as the oracle does, and reads back what it wrote', () => {
  fc.assert(
    fc.property(address, (one) => {
      const text = formatAddress(one);
      expect(parseAddress(text)).toEqual(one);
      const oracle = ipaddr.parse(text);
      const bytes = oracle.toByteArray().reduce((value, byte) => (value << 8n) | BigInt(byte), 0n);
      expect(bytes).toBe(one.value);
      if (oracle instanceof ipaddr.IPv6 && !isMapped(one)) {
        expect(text).toBe(oracle.toRFC5952String());
      }
    }),
    { numRuns: 1000 },
  );
});

it('splits into two halves that hold each address of the prefix once', () => {
  fc.assert(
    fc.property(prefix, fc.bigInt({ min: 0n, max: (1n << 128n) - 1n }), (whole, any) => {
      const halves = splitPrefix(whole);
      if (whole.length === widthOf(whole.family)) expect(halves).toEqual([]);
      else {
        const size = 1n << BigInt(widthOf(whole.family) - whole.length);
        const inside = { family: whole.family, value: whole.value + (any % size) };
        expect(halves.filter((half) => containsAddress(half, inside))).toHaveLength(1);
      }
    }),
  );
});

it('reads no text that the oracle refuses, and the same address from the others', () => {
  const text = fc
    .array(fc.constantFrom('0', '1', '255', '256', 'a', 'ffff', ':', '::', '.', '%1', '01'), {
      maxLength: 16,
    })
    .map((parts) => parts.join(''));
  fc.assert(
    fc.property(fc.oneof(text, fc.string({ maxLength: 20 })), (candidate) => {
      const parsed = parseAddress(candidate);
      if (parsed === undefined) return;
      expect(ipaddr.isValid(candidate)).toBe(true);
      expect(ipaddr.parse(candidate).toByteArray()).toEqual(
        ipaddr.parse(formatAddress(parsed)).toByteArray(),
      );
    }),
    { numRuns: 5000 },
  );
});

it('reads back prefixes, and refuses them with any host bit', () => {
  fc.assert(
    fc.property(prefix, fc.nat(), (one, seed) => {
      expect(parsePrefix(formatPrefix(one))).toEqual({ ok: true, prefix: one });
      const hostBits = widthOf(one.family) - one.length;
      if (hostBits === 0) return;
      const value = one.value | (1n << BigInt(seed % hostBits));
      const text = `${formatAddress({ family: one.family, value })}/${String(one.length)}`;
      expect(parsePrefix(text)).toMatchObject({
        code: 'prefix/host-bits',
        hint: expect.stringContaining(`write ${formatPrefix(one)} for`) as string,
      });
    }),
  );
});

it('finds addresses inside prefixes as the oracle does', () => {
  const near = prefix.chain((one) =>
    fc.tuple(
      fc.constant(one),
      fc.oneof(
        address,
        fc
          .bigInt({ min: 0n, max: (1n << BigInt(widthOf(one.family) - one.length)) - 1n })
          .map((offset): Address => ({ family: one.family, value: one.value + offset })),
      ),
    ),
  );
  fc.assert(
    fc.property(near, ([outer, inner]) => {
      const oracle = ipaddr.parse(formatAddress(inner));
      const range = ipaddr.parse(formatAddress(outer));
      const expected = oracle.kind() === range.kind() && oracle.match(range, outer.length);
      expect(containsAddress(outer, inner)).toBe(expected);
    }),
    { numRuns: 1000 },
  );
});
