import { expect, it } from 'vitest';
import { once } from './once.ts';

it('computes once for each object, not once for each content', () => {
  const known = new WeakMap<object, number>();
  let computed = 0;
  const next = (): number => (computed += 1);
  const plan = { revision: 'a' };
  expect([once(known, plan, next), once(known, plan, next)]).toEqual([1, 1]);
  expect(once(known, { ...plan }, next)).toBe(2);
});
