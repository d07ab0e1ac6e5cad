import { expect, it } from 'vitest';
import { remembering, rememberingLast } from './remembering.ts';

it('computes once what it is asked for again and again', () => {
  const computed: string[] = [];
  const upper = remembering((text) => {
    computed.push(text);
    return text.toUpperCase();
  });
  expect([upper('a'), upper('b'), upper('a')]).toEqual(['A', 'B', 'A']);
  expect(computed).toEqual(['a', 'b']);
});

it('does not grow without end', () => {
  let count = 0;
  const counted = remembering(() => (count += 1));
  for (let number = 0; number <= 32_768; number += 1) counted(String(number));
  expect(counted('0')).toBe(count);
});

it('remembers the last one alone of long ones', () => {
  const computed: string[] = [];
  const upper = rememberingLast((text: string) => {
    computed.push(text);
    return [text.toUpperCase()];
  });
  expect(upper('a')).toBe(upper('a'));
  expect([upper('b'), upper('a')]).toEqual([['B'], ['A']]);
  expect(computed).toEqual(['a', 'b', 'a']);
});

it('computes anew where one of several is another, or one more', () => {
  const [a, b] = [{}, {}];
  const listed = rememberingLast((...objects: readonly object[]) => [...objects]);
  expect(listed(a, b)).toBe(listed(a, b));
  expect(listed(a)).toEqual([a]);
  expect(listed(a, b)).toEqual([a, b]);
});
