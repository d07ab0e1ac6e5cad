import { describe, expect, it } from 'vitest';
import { isJson, jsonRows, jsonRowsOf, textOf } from './json-fields.ts';

describe('jsonRows', () => {
  it.each([
    ['nothing', '', []],
    ['blanks', ' \n', []],
    ['no list', '{"a": 1}', []],
    ['a list with other things', '[{"a": 1}, null, 2, "b"]', [{ a: 1 }]],
  ])('of %s: %j', (_what, text, rows) => {
    expect(jsonRows(text)).toEqual(rows);
  });

  it('throws for what is no JSON: that is not the same as nothing', () => {
    expect(() => jsonRows('Cannot open')).toThrow(SyntaxError);
  });
});

describe('jsonRowsOf', () => {
  it.each([
    ['a list with other things', [{ a: 1 }, null, 2, 'b'], [{ a: 1 }]],
    ['an object', { a: 1 }, []],
    ['a field that is not there', undefined, []],
  ])('of %s', (_what, value, rows) => {
    expect(jsonRowsOf({ field: value }, 'field')).toEqual(rows);
  });
});

describe('textOf', () => {
  it.each([
    ['text', 'x', 'x'],
    ['an empty text', '', ''],
    ['a number', 0, '0'],
    ['a truth', true, undefined],
    ['null', null, undefined],
    ['a list', ['x'], undefined],
    ['a field that is not there', undefined, undefined],
  ])('of %s', (_what, value, text) => {
    expect(textOf({ field: value }, 'field')).toBe(text);
  });
});

describe('isJson', () => {
  it.each([
    [{}, true],
    [null, false],
    ['{}', false],
    [undefined, false],
  ])('%j: %s', (value, expected) => {
    expect(isJson(value)).toBe(expected);
  });
});
