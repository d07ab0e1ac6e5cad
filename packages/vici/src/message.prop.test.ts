import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ViciProtocolError } from './errors.ts';
import { inputPairs, isList, isSection } from './input.ts';
import type { InputValue, Message, MessageInput } from './message.ts';
import { decodeMessage } from './message-decode.ts';
import { encodeMessage } from './message-encode.ts';

const name = fc
  .string({ unit: 'binary', maxLength: 60 })
  .filter((text) => Buffer.from(text).toString() === text);
const bytes = fc.uint8Array({ maxLength: 300 });
const { section } = fc.letrec<{ section: ReadonlyMap<string, InputValue> }>((tie) => ({
  section: fc
    .array(
      fc.tuple(
        name,
        fc.oneof(
          { depthSize: 'small', withCrossShrink: true },
          bytes,
          fc.array(bytes, { maxLength: 5 }),
          tie('section'),
        ),
      ),
      { maxLength: 6 },
    )
    .map((pairs) => new Map(pairs)),
}));

test('decode gives back what was encoded, in order', () => {
  fc.assert(
    fc.property(section, (input) => {
      expect(plain(decodeMessage(encodeMessage(input)))).toEqual(plainInput(input));
    }),
  );
});

test('encode gives back the bytes that were decoded', () => {
  fc.assert(
    fc.property(section, (input) => {
      const encoded = encodeMessage(input);
      expect(encodeMessage(decodeMessage(encoded))).toEqual(encoded);
    }),
  );
});

test('every truncation of a message is refused or a shorter message, never a crash', () => {
  fc.assert(
    fc.property(section, fc.nat(), (input, cut) => {
      const encoded = encodeMessage(input);
      survives(encoded.subarray(0, cut % (encoded.length + 1)));
    }),
  );
});

test('random bytes and random elements never crash the decoder', () => {
  const element = fc.constantFrom<number[]>(
    [1, 0],
    [1, 1, 97],
    [2],
    [3, 0, 0, 0],
    [4, 0],
    [5, 0, 0],
    [6],
  );
  fc.assert(fc.property(fc.uint8Array({ maxLength: 500 }), survives));
  fc.assert(
    fc.property(fc.array(element, { maxLength: 300 }), (elements) => {
      survives(Uint8Array.from(elements.flat()));
    }),
  );
});

test('a message with one byte changed never crashes the decoder', () => {
  fc.assert(
    fc.property(section, fc.nat(), fc.integer({ min: 1, max: 255 }), (input, at, change) => {
      const encoded = Uint8Array.from(encodeMessage(input));
      const index = at % Math.max(1, encoded.length);
      encoded[index] = (encoded[index] ?? 0) ^ change;
      survives(encoded);
    }),
  );
});

/** Decodes and reads everything; only a protocol error may come out. */
function survives(input: Uint8Array): void {
  let message: Message;
  try {
    message = decodeMessage(input);
  } catch (error) {
    expect(error).toBeInstanceOf(ViciProtocolError);
    return;
  }
  // Names that are no UTF-8 are read with replacement characters and so cannot be sent back.
  if (JSON.stringify(plain(message)).includes('\ufffd')) return;
  expect(encodeMessage(message)).toEqual(Buffer.from(input));
}

type Plain = [string, Plain[] | string | string[]];

function plain(message: Message): Plain[] {
  return message.entries().map((entry): Plain => {
    if (entry.kind === 'section') return [entry.key, plain(entry.section)];
    if (entry.kind === 'list') return [entry.key, entry.items.map((item) => item.toString('hex'))];
    return [entry.key, entry.value.toString('hex')];
  });
}

function plainInput(input: MessageInput): Plain[] {
  return [...inputPairs(input)].map(([key, value]): Plain => {
    if (isList(value)) return [key, value.map((item) => Buffer.from(item).toString('hex'))];
    if (isSection(value)) return [key, plainInput(value)];
    if (value instanceof Uint8Array) return [key, Buffer.from(value).toString('hex')];
    throw new Error('the generator makes no such value');
  });
}
