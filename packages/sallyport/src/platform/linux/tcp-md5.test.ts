import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { canSignTcp } from './tcp-md5.ts';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'kallsyms-'));
});
afterEach(async () => {
  await rm(directory, { recursive: true });
});

const TCP = '0000000000000000 T tcp_v4_connect';

it.each([
  ['can', [TCP, '0000000000000000 T tcp_md5_do_add', '0000000000000000 T tcp_md5_do_del'], true],
  ['cannot', [TCP, '0000000000000000 t __pfx_tcp_md5_do_add'], false],
  ['keeps its symbols to itself', [], undefined],
])('a kernel that %s', async (_what, lines, expected) => {
  const path = join(directory, 'kallsyms');
  await writeFile(path, `${lines.join('\n')}\n`);
  expect(await canSignTcp(path)).toBe(expected);
});

it('a kernel without symbols', async () => {
  expect(await canSignTcp(join(directory, 'kallsyms'))).toBeUndefined();
});
