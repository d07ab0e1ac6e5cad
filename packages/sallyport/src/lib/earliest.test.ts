import { expect, it } from 'vitest';
import { earliest } from './earliest.ts';

it('is the first of the times that are known', () => {
  expect([earliest(undefined, 3, 2), earliest(undefined), earliest()]).toEqual([
    ...[2, undefined, undefined],
  ]);
});
