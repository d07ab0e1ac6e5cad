import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ViciInvalidInput, ViciProtocolError } from './errors.ts';
import {
  decodePacket,
  encodePacket,
  Framer,
  isNamed,
  MAX_SEGMENT_BYTES,
  packetTypes,
} from './packet.ts';

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex');

describe('packets', () => {
  test('are laid out as the protocol says', () => {
    expect(encodePacket({ type: 'command-request', name: 'version' })).toEqual(
      hex('00000009 00 07 76657273696f6e'),
    );
    expect(encodePacket({ type: 'event-confirm' })).toEqual(hex('00000001 05'));
    expect(encodePacket({ type: 'event', name: 'log', body: hex('0301610000') })).toEqual(
      hex('0000000a 07 03 6c6f67 0301610000'),
    );
  });

  test('come back as they were sent, for every type', () => {
    for (const type of packetTypes) {
      const packet = isNamed(type)
        ? { type, name: 'list-sa', body: hex('aabb') }
        : { type, body: hex('aabb') };
      expect(decodePacket(encodePacket(packet).subarray(4))).toEqual(packet);
    }
  });

  test.each([
    ['nothing at all', ''],
    ['an unknown type', '08'],
    ['a name without a length', '07'],
    ['a name that ends early', '07 05 6162'],
  ])('refuse %s', (_, text) => {
    expect(() => decodePacket(hex(text))).toThrow(ViciProtocolError);
  });

  test('refuse names and bodies that do not fit', () => {
    const name = 'n'.repeat(256);
    expect(() => encodePacket({ type: 'event-register', name })).toThrow(ViciInvalidInput);
    const body = new Uint8Array(MAX_SEGMENT_BYTES - 1);
    expect(encodePacket({ type: 'command-response', body })).toHaveLength(MAX_SEGMENT_BYTES + 4);
    expect(() =>
      encodePacket({ type: 'command-response', body: new Uint8Array(MAX_SEGMENT_BYTES) }),
    ).toThrow(/the message has 524289 bytes/);
  });

  test('never crash on random bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        try {
          expect(packetTypes).toContain(decodePacket(bytes).type);
        } catch (error) {
          expect(error).toBeInstanceOf(ViciProtocolError);
        }
      }),
    );
  });
});

describe('the framer', () => {
  test('finds the same packets however the stream is cut', () => {
    fc.assert(
      fc.property(
        fc.array(fc.uint8Array({ minLength: 1, maxLength: 50 }), { maxLength: 10 }),
        fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1, maxLength: 40 }),
        (segments, cuts) => {
          const stream = Buffer.concat(
            segments.map((segment) => {
              const header = Buffer.alloc(4);
              header.writeUInt32BE(segment.length);
              return Buffer.concat([header, segment]);
            }),
          );
          const framer = new Framer();
          const found: Uint8Array[] = [];
          let at = 0;
          for (let i = 0; at < stream.length; i++) {
            const size = cuts[i % cuts.length] ?? 1;
            framer.push(stream.subarray(at, at + size), (segment) => found.push(segment));
            at += size;
          }
          expect(found.map((one) => [...one])).toEqual(segments.map((one) => [...one]));
        },
      ),
    );
  });

  test('keeps segments in memory of their own', () => {
    const chunk = hex('00000002 aabb');
    const found: Uint8Array[] = [];
    new Framer().push(chunk, (segment) => found.push(segment));
    chunk.fill(0);
    expect(found).toEqual([hex('aabb')]);
  });

  test('takes the limit and refuses one byte more before any of it came', () => {
    const framer = new Framer(10);
    const found: number[] = [];
    framer.push(hex(`0000000a ${'00'.repeat(10)}`), (segment) => found.push(segment.length));
    expect(found).toEqual([10]);
    expect(() => {
      framer.push(hex('0000000b'), () => undefined);
    }).toThrow(/packet of 11 bytes announced, at most 10 are accepted/);
  });

  test('refuses an empty packet', () => {
    expect(() => {
      new Framer().push(hex('00000000'), () => undefined);
    }).toThrow(ViciProtocolError);
  });
});
