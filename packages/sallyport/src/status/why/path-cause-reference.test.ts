import { expect, it } from 'vitest';
import { pathCauseReference } from './path-cause-reference.ts';
import { PATH_CAUSES } from './path-causes.ts';

it('has every cause, with its placeholders named', () => {
  const text = pathCauseReference();
  for (const code of Object.keys(PATH_CAUSES)) expect(text).toContain(`### \`${code}\``);
  expect(text).toContain('this host has no way to *peer*: *error*.');
  expect(text).not.toContain('{');
});
