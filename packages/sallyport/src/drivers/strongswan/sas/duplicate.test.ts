import { expect, it } from 'vitest';
import { duplicateIn } from './duplicate.ts';

it.each([
  [
    'not establishing CHILD_SA v4{7} due to existing duplicate {5} with SPIs cb7ff330_i c452d378_o and TS 10.1.0.0/24 === 10.2.0.0/24',
    '5',
  ],
  ['establishing CHILD_SA v4{7}', undefined],
])('finds in %s the duplicate %s', (line, id) => {
  expect(duplicateIn(line)).toBe(id);
});
