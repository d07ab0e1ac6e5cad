import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { parseGuard, renderGuard, strangersOf } from './guard.ts';
import { V4, V6 } from './testing/routers.ts';

it('is rendered for both families', async () => {
  const alone = { ...V4, name: 'sp-default-alone-v4', virtualRouterId: 9, peers: [] };
  const { script } = renderGuard([alone, { ...V4, peers: ['10.9.0.2', '10.9.0.3'] }, V6]);
  await expect(script).toMatchFileSnapshot('testdata/guard-both-families.nft');
});

it('is known again by the marks of its rules, and names strangers', async () => {
  const text = await readFile(
    join(import.meta.dirname, 'testdata', 'guard.nft-1.0.6.json'),
    'utf8',
  );
  const { marks, strangers } = parseGuard(text);
  expect(marks).toEqual(renderGuard([V4, V6]).marks);
  expect([...strangers]).toEqual([
    [strangersOf(V4), ['10.9.0.3']],
    [strangersOf(V6), ['fd09::3']],
  ]);
});

it('has other marks for another plan', () => {
  const { marks } = renderGuard([V4]);
  expect(renderGuard([{ ...V4, peers: ['10.9.0.7'] }]).marks).not.toEqual(marks);
  expect(renderGuard([{ ...V4, tunnels: [] }]).marks).toEqual(marks);
});

it.each(['{}', '{"nftables":[3,{"rule":{}},{"set":{"elem":["10.0.0.1"]}}]}'])(
  'may be anything without harm, as %s',
  (text) => {
    expect(parseGuard(text).marks.filter((mark) => mark !== '')).toEqual([]);
  },
);
