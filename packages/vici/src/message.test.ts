import { describe, expect, test } from 'vitest';
import { ViciInvalidInput, ViciProtocolError } from './errors.ts';
import { Message, type MessageInput } from './message.ts';
import { buildMessage } from './message-build.ts';
import { decodeMessage } from './message-decode.ts';
import { encodeMessage } from './message-encode.ts';

const hex = (input: MessageInput): string => Buffer.from(encodeMessage(input)).toString('hex');
const decode = (text: string): Message => decodeMessage(Buffer.from(text, 'hex'));

describe('encoding', () => {
  test('lays elements out as the protocol says', () => {
    // strongSwan vici README.md, the example message of "Encoding example".
    expect(
      hex({
        key1: 'value1',
        section1: { 'sub-section': { key2: 'value2' }, list1: ['item1', 'item2'] },
      }),
    ).toBe(
      [
        `03 04${ascii('key1')} 0006${ascii('value1')}`,
        `01 08${ascii('section1')}`,
        `01 0b${ascii('sub-section')}`,
        `03 04${ascii('key2')} 0006${ascii('value2')}`,
        '02',
        `04 05${ascii('list1')}`,
        `05 0005${ascii('item1')}`,
        `05 0005${ascii('item2')}`,
        '06',
        '02',
      ]
        .join('')
        .replaceAll(' ', ''),
    );
  });

  test('writes booleans as yes and no, numbers as decimal text, and leaves undefined out', () => {
    expect(
      buildMessage({ a: true, b: false, c: -1, d: 2n ** 64n, e: undefined, f: '' }).toJSON(),
    ).toEqual({ a: 'yes', b: 'no', c: '-1', d: '18446744073709551616', f: '' });
  });

  test('keeps the order of a Map also for integer-like names', () => {
    const children = new Map([
      ['b', { mode: 'tunnel' }],
      ['10', { mode: 'pass' }],
      ['2', {}],
    ]);
    const section = buildMessage({ children }).section('children');
    expect([...(section?.keys() ?? [])]).toEqual(['b', '10', '2']);
  });

  test('sends a received message again byte for byte', () => {
    // A repeated key and an empty name, which input objects cannot express.
    const bytes = `0301 61 0001 31 0301 61 0001 32 0400 05 0002 00ff 06 0101 61 02`.replaceAll(
      ' ',
      '',
    );
    expect(hex(decode(bytes))).toBe(bytes);
    expect(hex({ inner: decode(bytes) })).toBe(`0105${ascii('inner')}${bytes}02`);
  });

  test('takes a name of 255 bytes and a value of 65,535', () => {
    const message = buildMessage({ ['n'.repeat(255)]: 'v'.repeat(65_535) });
    expect(message.text('n'.repeat(255))).toHaveLength(65_535);
  });

  test.each<[string, MessageInput, RegExp]>([
    ['a name of 256 bytes', { outer: { ['n'.repeat(256)]: 'x' } }, /^outer\.n+: .*256 bytes/],
    ['a name of 128 two-byte letters', { ['é'.repeat(128)]: 'x' }, /256 bytes/],
    ['a value of 65,536 bytes', { big: Buffer.alloc(65_536) }, /^big: .*65536 bytes/],
    ['a list item of 65,536 bytes', { list: ['ok', 'x'.repeat(65_536)] }, /^list: .*65536/],
    ['a fraction', { rate: 0.5 }, /^rate: a number must be a safe integer/],
    ['not a number', { rate: Number.NaN }, /safe integer/],
    ['a number that lost digits', { rate: 2 ** 60 }, /safe integer/],
    ['nesting without end', nested(70), /nest too deep/],
  ])('refuses %s', (_, input, words) => {
    expect(() => encodeMessage(input)).toThrow(ViciInvalidInput);
    expect(() => encodeMessage(input)).toThrow(words);
  });
});

describe('decoding', () => {
  test.each<[string, string]>([
    ['an unknown element', '07'],
    ['element type 0', '00'],
    ['a section end at top level', '02'],
    ['a list item outside a list', '050000'],
    ['a list end outside a list', '06'],
    ['a section that does not end', '010161'],
    ['a list that does not end', '040161'],
    ['a key in a list', '040161 0301620000 06'],
    ['a section in a list', '040161 010162'],
    ['a list in a list', '040161 040162'],
    ['a name that ends early', '03056162'],
    ['a missing value', '030161'],
    ['half a value length', '03016100'],
    ['a value that ends early', '0301610003aabb'],
    ['nesting deeper than 64', '010161'.repeat(65) + '02'.repeat(65)],
  ])('refuses %s', (_, text) => {
    expect(() => decode(text.replaceAll(' ', ''))).toThrow(ViciProtocolError);
  });

  test('takes nesting of 64', () => {
    expect([...decode('010161'.repeat(64) + '02'.repeat(64)).keys()]).toEqual(['a']);
  });
});

describe('reading', () => {
  const message = buildMessage({
    text: 'Grüße',
    binary: Buffer.from([0, 255, 128]),
    number: '-42',
    huge: '18446744073709551615',
    word: '12px',
    yes: 'YES',
    no: 'no',
    list: ['a', Buffer.from([0xff])],
    section: { inner: '1' },
  });

  test('gives scalars in the wanted form', () => {
    expect(message.text('text')).toBe('Grüße');
    expect(message.bytes('binary')).toEqual(Buffer.from([0, 255, 128]));
    expect(message.integer('number')).toBe(-42);
    expect(message.integer('word')).toBeUndefined();
    expect(message.integer('huge')).toBeUndefined();
    expect(message.bigint('huge')).toBe(18446744073709551615n);
    expect(message.bigint('word')).toBeUndefined();
    expect(message.flag('yes')).toBe(true);
    expect(message.flag('no')).toBe(false);
    expect(message.flag('absent')).toBe(false);
  });

  test('does not mistake one kind for another', () => {
    expect(message.text('list')).toBeUndefined();
    expect(message.bytes('section')).toBeUndefined();
    expect(message.section('text')).toBeUndefined();
    expect(message.list('text')).toEqual([]);
    expect(message.has('section')).toBe(true);
    expect(message.has('absent')).toBe(false);
  });

  test('lets the last of repeated scalars count and joins repeated lists', () => {
    const repeated = decode(
      '0301610001 31 0301610001 32 040162 05000131 06 040162 05000132 06'.replaceAll(' ', ''),
    );
    expect(repeated.text('a')).toBe('2');
    expect(repeated.list('b')).toEqual(['1', '2']);
    expect([...repeated.keys()]).toEqual(['a', 'b']);
  });

  test('prints bytes that are no text in hexadecimal digits', () => {
    expect(JSON.parse(JSON.stringify(message))).toMatchObject({
      text: 'Grüße',
      binary: '0x00ff80',
      list: ['a', '0xff'],
      section: { inner: '1' },
    });
  });

  test('is not fooled by names of object internals', () => {
    const odd = buildMessage(new Map([['__proto__', 'x']]));
    expect(odd.text('__proto__')).toBe('x');
    expect(JSON.stringify(odd)).toBe('{"__proto__":"x"}');
    expect(odd.text('constructor')).toBeUndefined();
  });

  test('has an empty message', () => {
    expect([...Message.empty.keys()]).toEqual([]);
    expect(encodeMessage(Message.empty)).toHaveLength(0);
  });
});

function ascii(text: string): string {
  return Buffer.from(text).toString('hex');
}

function nested(depth: number): MessageInput {
  return depth === 0 ? {} : { deeper: nested(depth - 1) };
}
