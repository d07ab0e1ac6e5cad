import { expect, it } from 'vitest';
import { Turns } from './turns.ts';

it('does one thing after the other, also after one that fails', async () => {
  const turns = new Turns();
  const done: string[] = [];
  const first = Promise.withResolvers<undefined>();
  const failing = turns.take(async () => {
    await first.promise;
    done.push('first');
    throw new Error('no');
  });
  const second = turns.take(() => Promise.resolve(done.push('second')));
  expect(done).toEqual([]);
  first.resolve(undefined);
  await expect(failing).rejects.toThrow('no');
  await expect(second).resolves.toBe(2);
  expect(done).toEqual(['first', 'second']);
});
