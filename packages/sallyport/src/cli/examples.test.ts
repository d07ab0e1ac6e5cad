import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { twoSites } from '../model/testing.ts';
import { report } from '../status/testing/reports.ts';
import { COMMANDS } from './commands.ts';
import { Shell } from './testing/run.ts';

const { runAgent } = vi.hoisted(() => ({ runAgent: vi.fn(() => Promise.resolve()) }));
vi.mock(import('../agent/start.ts'), async (importOriginal) => ({
  ...(await importOriginal()),
  runAgent,
}));
// `apply` in its example finds the declared Host by the name of the machine.
vi.mock(import('node:os'), async (importOriginal) => ({
  ...(await importOriginal()),
  hostname: () => 'gw1.example',
}));

let shell: Shell;

beforeEach(async () => {
  shell = await Shell.create();
  await shell.fakeSystem();
  await shell.startAgent(report);
  expect((await shell.run(['apply', '-f', await shell.declare(twoSites)])).code).toBe(0);
});
afterEach(async () => {
  await shell[Symbol.asyncDispose]();
});

it.each(COMMANDS.map(({ name, example }) => [name, example] as const))(
  'the example of %s works: %s',
  async (name, example) => {
    const words = example
      .replace(/^source <\((.*)\)$/, '$1')
      .replace(' site/', ` ${shell.file('site.yaml')}`)
      .split(' ');
    expect(words.slice(0, 2)).toEqual(['sallyport', name]);
    const { code, stderr } = await shell.run(words.slice(1));
    expect([code, stderr.includes('error')]).toEqual([0, false]);
    expect(runAgent).toHaveBeenCalledTimes(name === 'agent' ? 1 : 0);
  },
);
